console.log(performance.now());
