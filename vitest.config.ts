import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

import { CountsReporter } from "./scripts/counts-reporter.ts";

const conditions = ["mandate-source", "node"];
const tests = ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts", "bench/src/**/*.test.ts"];
const serverTests = ["**/*.servers.test.ts", "scripts/servers/**/*.test.ts"];

// Workspace packages are tested from source: in vitest's own module graph by `resolve`, in what
// Node loads itself (and in the children that tests fork) by `execArgv`.
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};

const test: TestProjectInlineConfiguration["test"] = {
  execArgv: ["--conditions=mandate-source"],
  hookTimeout: 60_000,
  pool: "forks",
  testTimeout: 30_000,
};

export default defineConfig({
  test: {
    coverage: { include: ["packages/*/src/**/*.ts"], exclude: ["**/*.test.ts", "**/gen/**"] },
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        test: {
          ...test,
          name: "unit",
          include: tests,
          exclude: ["**/node_modules/**", "**/dist/**", ...serverTests],
        },
      },
      {
        ...shared,
        test: {
          ...test,
          name: "servers",
          include: serverTests,
          exclude: ["**/node_modules/**", "**/dist/**"],
        },
      },
    ],
    reporters: ["default", new CountsReporter()],
  },
});
