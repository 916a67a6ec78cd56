import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { journalText } from "./run/journal-text.ts";
import { runSeeds } from "./run/run-seeds.ts";
import type { RangeReport } from "./run/seed-worker.ts";
import { simulate, type SimulationResult } from "./simulate.ts";

const HELP = `Runs elections in simulated worlds, each with faults of its own, and checks what was
promised.

  npm run sim -- --seeds 2000            worlds 0 to 1999
  npm run sim -- --seeds 500 --seed 9    worlds 9 to 508
  npm run sim -- --seed 7                world 7 alone, with its journal

  --seeds N     how many worlds to run (default 1000)
  --seed S      the first one's seed (default 0); without --seeds: replay this one
  --jobs J      threads (default: as many as there are cores)
  --journal     print the journal of a world that is replayed (default; --no-journal leaves it out)
  --json        the result as one JSON object in the last line
  --help        this text

Exit code: 0 all promises were kept, 1 a promise was broken, 2 the arguments make no sense.
`;

/** Seeds are multiplied for each part of a world, and have to stay exact then. */
const MAX_NUMBER = 1_000_000_000_000;
const DEFAULT_SEEDS = 1_000;

let shownMs = 0;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "string") {
    const isHelp = options === HELP;
    (isHelp ? process.stdout : process.stderr).write(isHelp ? options : `${options}\n`);
    return isHelp ? 0 : 2;
  }
  return options.seeds === undefined ? await replay(options) : await runMany(options);
}

interface Options {
  /** Undefined: one world is to be replayed. */
  readonly seeds: number | undefined;
  readonly seed: number;
  readonly jobs: number;
  readonly journal: boolean;
  readonly json: boolean;
}

/** The options, or what to tell the user instead. */
function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        seeds: { type: "string" },
        seed: { type: "string" },
        jobs: { type: "string", default: String(availableParallelism()) },
        journal: { type: "boolean", default: true },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return HELP;
    const isReplay = values.seed !== undefined && values.seeds === undefined;
    return {
      seeds: isReplay ? undefined : wholeNumber("seeds", values.seeds ?? `${DEFAULT_SEEDS}`, 1),
      seed: wholeNumber("seed", values.seed ?? "0", 0),
      jobs: wholeNumber("jobs", values.jobs, 1),
      journal: values.journal,
      json: values.json,
    };
  } catch (error) {
    // Whatever cannot be read is for the user to mend.
    return `${error instanceof Error ? error.message : String(error)}\nSee --help.`;
  }
}

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= MAX_NUMBER) return value;
  throw new Error(`--${name} is "${text}": give a whole number from ${min} to ${MAX_NUMBER}`);
}

async function runMany({ seeds = DEFAULT_SEEDS, seed, jobs, json }: Options): Promise<number> {
  const startedMs = performance.now();
  const total = await runSeeds({
    firstSeed: seed,
    count: seeds,
    jobs,
    onProgress: (done) => showProgress(done, { seeds, startedMs }),
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const seconds = (performance.now() - startedMs) / 1_000;
  for (const failure of total.failures) process.stderr.write(failureText(failure));
  const hours = total.simulatedMs / 3_600_000;
  process.stdout.write(
    `${total.ran} worlds in ${seconds.toFixed(1)} s: ${hours.toFixed(1)} simulated hours, ` +
      `${total.mandates} mandates, ${total.failures.length} broken promises, ` +
      `${total.excusedOverlaps} overlaps outside of the promise\n`,
  );
  if (json) process.stdout.write(`${jsonOf({ ...total, seconds })}\n`);
  return total.failures.length === 0 ? 0 : 1;
}

async function replay({ seed, journal, json }: Options): Promise<number> {
  const result = await simulate(
    seed,
    journal
      ? { reader: (entry, atMs) => void process.stdout.write(`${journalText(entry, atMs)}\n`) }
      : {},
  );
  if (result.violations.length > 0) process.stderr.write(failureText(result));
  else process.stdout.write(`world ${seed}: all promises were kept\n`);
  if (json) process.stdout.write(`${jsonOf(result)}\n`);
  return result.violations.length === 0 ? 0 : 1;
}

/** On a terminal, how far it is and how long it will take. */
function showProgress(
  { ran, failures }: RangeReport,
  { seeds, startedMs }: { readonly seeds: number; readonly startedMs: number },
): void {
  const nowMs = performance.now();
  if (!process.stderr.isTTY || nowMs - shownMs < 200) return;
  shownMs = nowMs;
  const leftS = Math.round((((nowMs - startedMs) / ran) * (seeds - ran)) / 1_000);
  const text = `${ran} of ${seeds} worlds, ${failures.length} failed, about ${leftS} s left`;
  process.stderr.write(`\r\x1b[K${text}`);
}

function failureText({ seed, violations }: SimulationResult): string {
  const lines = violations.map(
    ({ invariant, message, atMs }) => `  ${invariant} at ${atMs.toFixed(1)} ms: ${message}\n`,
  );
  return `world ${seed} failed; replay it by: npm run -s sim -- --seed ${seed}\n${lines.join("")}`;
}

function jsonOf(value: object): string {
  return JSON.stringify(value);
}
