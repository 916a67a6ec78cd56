// Compares the public surface of each published library with its committed report, or rewrites
// the reports with `--write`. A top-level export without a doc comment fails in both.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Extractor, ExtractorConfig, type ExtractorMessage } from "@microsoft/api-extractor";

const packagesFolder = fileURLToPath(new URL("../packages", import.meta.url));
const write = process.argv.includes("--write");

const failed = readdirSync(packagesFolder)
  .map((name) => join(packagesFolder, name, "api-extractor.json"))
  .filter((configFile) => existsSync(configFile))
  .filter((configFile) => !reportHolds(configFile));
if (failed.length > 0) {
  process.stdout.write("Settle the above, then run `npm run api` and commit the reports.\n");
  process.exitCode = 1;
}

function reportHolds(configFile: string): boolean {
  const config = ExtractorConfig.loadFileAndPrepare(configFile);
  const result = Extractor.invoke(config, { localBuild: write, messageCallback: print });
  const undocumented = undocumentedExports(readFileSync(config.reportTempFilePath, "utf8"));
  for (const line of undocumented) {
    process.stdout.write(`${config.packageFolder ?? configFile}: no doc comment: ${line}\n`);
  }
  return (
    undocumented.length === 0 && result.errorCount === 0 && (write || !result.apiReportChanged)
  );
}

function print(message: ExtractorMessage): void {
  message.handled = true;
  if (message.logLevel !== "error" && message.logLevel !== "warning") return;
  const line = message.sourceFileLine === undefined ? "" : `:${message.sourceFileLine}`;
  const place = message.sourceFilePath === undefined ? "" : `${message.sourceFilePath}${line} `;
  process.stdout.write(`${place}${message.messageId}: ${message.text}\n`);
}

/** Members are indented in a report and may go without; exports stand at the start of a line. */
function undocumentedExports(report: string): readonly string[] {
  return [...report.matchAll(/^\/\/ @\w+.*\(undocumented\)\n(.*)$/gm)].map(
    (match) => match[1] ?? "",
  );
}
