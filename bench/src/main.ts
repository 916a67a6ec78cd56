import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { type BenchCluster, startBenchCluster } from "./bench-cluster.ts";
import { acquireResign } from "./election/acquire-resign.ts";
import { handOver } from "./election/hand-over.ts";
import { importTime } from "./election/import.ts";
import { manyElections } from "./election/many-elections.ts";
import type { Question } from "./question.ts";
import { formatTable, type Row } from "./row.ts";

const HELP = `Measures, each figure beside its reference in the same run.

  npm run bench -- election                     all questions about elections
  npm run bench -- election --only hand-over    one of them
  npm run bench -- election --json              one JSON object a row

  --only NAME   this question alone; --list names them
  --rounds N    how often each case is measured, in turn (default 5); the medians count
  --json        rows as JSON objects, one a line
  --list        the questions
  --help        this text

A missed target is said, and does not change the exit code: 0 measured, 1 it broke, 2 bad arguments.
`;

const SUITES: Readonly<Record<string, readonly Question[]>> = {
  election: [
    acquireResign({
      name: "acquire-resign",
      what: "acquire + resign, one after another",
      width: 1,
      cycles: 60,
      ofLimit: 0.85,
    }),
    acquireResign({
      name: "acquire-resign-64",
      what: "acquire + resign, 64 at once",
      width: 64,
      cycles: 12,
      ofLimit: 0.75,
    }),
    handOver({ count: 50, warmUp: 10 }),
    manyElections({ count: 1_000, ttlMs: 5_000, renewalPeriods: 6 }),
    importTime({ starts: 15 }),
  ],
};

const note = (line: string): void => void process.stderr.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "string") {
    const isHelp = options === HELP;
    (isHelp ? process.stdout : process.stderr).write(isHelp ? options : `${options}\n`);
    return isHelp ? 0 : 2;
  }
  const { questions, rounds, json } = options;
  if (options.list) {
    for (const { name, about } of questions) process.stdout.write(`${name.padEnd(20)}${about}\n`);
    return 0;
  }
  const rows = await answerAll(questions, rounds);
  const lines = json ? rows.map((row) => JSON.stringify(row)) : formatTable(rows);
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

async function answerAll(questions: readonly Question[], rounds: number): Promise<readonly Row[]> {
  let started: Promise<BenchCluster> | undefined;
  const cluster = async (): Promise<BenchCluster> => {
    started ??= startBenchCluster();
    return await started;
  };
  const rows: Row[] = [];
  try {
    note(`Node.js ${process.version}, ${cpus().length} cores`);
    for (const question of questions) {
      note(`${question.name}: ${question.about}`);
      rows.push(...(await question.answer({ cluster, rounds, progress: note })));
    }
    if (started !== undefined) note((await started).description);
  } finally {
    await (await started)?.stop();
  }
  return rows;
}

interface Options {
  readonly questions: readonly Question[];
  readonly rounds: number;
  readonly json: boolean;
  readonly list: boolean;
}

/** The options, or what to tell the user instead. */
function readOptions(args: readonly string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: { type: "string" },
        rounds: { type: "string", default: "5" },
        json: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return HELP;
    const { only, rounds, json, list } = values;
    const suites = positionals.length === 0 ? Object.keys(SUITES) : positionals;
    const questions = suites.flatMap((suite) => questionsOf(suite));
    const chosen = questions.filter(({ name }) => only === undefined || name === only);
    if (chosen.length === 0) throw new Error(`no question is named "${only}": see --list`);
    if (!/^[1-9]\d{0,3}$/.test(rounds)) throw new Error(`--rounds is "${rounds}": give 1 to 9999`);
    return { questions: chosen, rounds: Number(rounds), json, list };
  } catch (error) {
    // Whatever cannot be read is for the user to mend.
    return `${error instanceof Error ? error.message : String(error)}\nSee --help.`;
  }
}

function questionsOf(suite: string): readonly Question[] {
  const questions = SUITES[suite];
  if (questions !== undefined) return questions;
  const known = Object.keys(SUITES).join(", ");
  throw new Error(`no suite is named "${suite}": there are ${known}`);
}
