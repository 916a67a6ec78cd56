#!/usr/bin/env node
import { nodeVersionFault } from "./node-version.ts";

// Nothing else is loaded before this check: an older Node.js may not even be able to read it.
const fault = nodeVersionFault(process.versions.node);
if (fault === undefined) {
  const { runCommandLine } = await import("./run-command-line.ts");
  await runCommandLine(process.argv.slice(2));
} else {
  process.stderr.write(`mandate: ${fault}\n`);
  process.exitCode = 2;
}
