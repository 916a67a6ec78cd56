// The formatter wraps code, but neither comments nor strings: this holds those to the limit.
import { globSync, readFileSync } from "node:fs";

const maxLength = 100;
/** The title of a test is a sentence, and stays on one line to be found. */
const title = /^ *(?:test|describe)\b.*["'`],? ?(?:\(|async|\d|$)/;
const files = globSync(["packages/*/src/**/*.ts", "bench/src/**/*.ts", "scripts/**/*.ts", "*.ts"], {
  exclude: ["**/node_modules/**", "**/gen/**"],
});

const long = files.toSorted().flatMap((file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      const length = Array.from(line).length;
      const exempt = file.endsWith(".test.ts") && title.test(line);
      return length > maxLength && !exempt ? [`${file}:${index + 1} has ${length} characters`] : [];
    }),
);
if (long.length > 0) {
  process.stdout.write(`Lines longer than ${maxLength} characters:\n${long.join("\n")}\n`);
  process.exitCode = 1;
}
