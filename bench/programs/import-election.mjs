import "@mandate/election";

console.log(performance.now());
