// Plain JavaScript without imports that old versions lack: it has to run on any Node.js in order to refuse it.
import { readFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const { engines } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const [major = 0, minor = 0] = engines.node.replace(">=", "").split(".").map(Number);
const [actualMajor = 0, actualMinor = 0] = process.versions.node.split(".").map(Number);

if (actualMajor < major || (actualMajor === major && actualMinor < minor)) {
  process.stderr.write(
    `Mandate's scripts need Node.js ${engines.node}, but this is ${process.version} (${process.execPath}).\n` +
      "Run `npm ci` without `--omit=optional` or `--ignore-scripts`: on Linux (x64, arm64) it brings\n" +
      "Node.js 24 along, which `npm run` then uses.\n" +
      "On other platforms install a newer Node.js from https://nodejs.org/.\n",
  );
  process.exit(1);
}
