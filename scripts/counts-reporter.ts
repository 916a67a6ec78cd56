import type { Reporter, TestModule, TestRunEndReason, Vitest } from "vitest/node";

/**
 * Ends vitest's output with one plain line, `N passed, N failed, N skipped`, so that a reader or a
 * program needs the last line only. What failed outside a test (a module that does not load, an
 * unhandled error) counts as failed.
 */
export class CountsReporter implements Reporter {
  onInit(vitest: Vitest): void {
    // The last reporter that vitest calls is not the last thing it prints: its own summary may come
    // after. Its close hook does.
    vitest.onClose(() => this.#print());
  }
  #line = "";
  #print(): void {
    if (this.#line !== "") process.stdout.write(`${this.#line}\n`);
  }
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    _reason: TestRunEndReason,
  ): void {
    this.#line = countsLine(modules, unhandledErrors.length);
  }
}

function countsLine(modules: readonly TestModule[], unhandledErrors: number): string {
  let passed = 0;
  let failed = unhandledErrors;
  let skipped = 0;
  for (const module of modules) {
    failed += module.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") passed += 1;
      else if (state === "failed") failed += 1;
      else skipped += 1;
    }
  }
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
