import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import type { Measurement } from "../case.ts";
import type { Question } from "../question.ts";
import { measureInRounds, valuesOf } from "../rounds.ts";
import { makeRow, moreAtMost } from "../row.ts";
import { compare, median } from "../statistics.ts";

/** What a program pays for importing the package. */
export function importTime({ starts }: { readonly starts: number }): Question {
  const label = { against: "an empty program", unit: "ms", better: "lower" } as const;
  return {
    name: "import",
    about: "a program that imports @mandate/election and ends, beside one that does nothing",
    async answer({ rounds, progress }) {
      const results = await measureInRounds(
        { ours: () => run("import-election", starts), empty: () => run("empty", starts) },
        { rounds, progress },
      );
      const figures = (key: string) =>
        compare(valuesOf(results.ours, key), valuesOf(results.empty, key));
      return [
        makeRow(
          { ...label, what: "import of @mandate/election, from start to exit" },
          figures("wallMs"),
          moreAtMost(15),
        ),
        makeRow(
          { ...label, what: "import of @mandate/election, by the process's own clock" },
          figures("insideMs"),
          moreAtMost(15),
        ),
      ];
    },
  };
}

/** The medians over some starts of a program that prints when it was done, on its own clock. */
async function run(name: string, starts: number): Promise<Measurement> {
  const program = fileURLToPath(new URL(`../../programs/${name}.mjs`, import.meta.url));
  const wallMs: number[] = [];
  const insideMs: number[] = [];
  while (wallMs.length < starts) {
    const beganMs = performance.now();
    // Ours are passed on: the package comes from where the benchmark's own comes from.
    const child = spawn(process.execPath, [...process.execArgv, program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    wallMs.push(performance.now() - beganMs);
    insideMs.push(Number(output));
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
  }
  return { wallMs: median(wallMs), insideMs: median(insideMs) };
}
