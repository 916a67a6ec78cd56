import { MandateError } from "@mandate/election";
import type { CommandContext } from "../command.ts";
import { parseDemoPlan } from "../demo/demo-plan.ts";
import { demoElection, type RunningDemo, runDemo } from "../demo/run-demo.ts";
import { Scoreboard } from "../demo/scoreboard.ts";
import { momentOf } from "../demo/view/demo-moment.ts";
import { type LiveScreen, openLiveScreen } from "../demo/view/live-screen.ts";
import { eventLine, liveView } from "../demo/view/live-view.ts";
import { reportJson, reportLines } from "../demo/view/report-text.ts";
import { exitCodes } from "../exit-codes.ts";

/** `mandate demo`: runs a demo, shows it, and reports on it. */
export async function demo(context: CommandContext): Promise<number> {
  const { environment, json, output, signal, values } = context;
  if (process.platform !== "linux") {
    throw new MandateError(
      "the demo runs on Linux only: it stops and finds processes by its means",
      {
        code: "NOT_SUPPORTED",
        applied: "no",
      },
    );
  }
  const plan = parseDemoPlan(values);
  const isLive = output.isTerminal && !json;
  // With --json standard output is the report's alone.
  const say = (lines: readonly string[]): void => (json ? output.note(lines) : output.print(lines));
  const board = new Scoreboard((event) => {
    const { look, text } = eventLine(event);
    if (!isLive) say([look === undefined || json ? text : output.paint(look, text)]);
  });
  let screen: LiveScreen | undefined;
  const onRunning = (running: RunningDemo): void => {
    const hints = hintsFor(running);
    if (!isLive) return say(["From another terminal:", ...hints.map((hint) => `  ${hint}`)]);
    screen = openLiveScreen({
      terminal: process.stdout,
      paint: output.paint,
      draw: (size) => liveView(momentOf({ board, running, plan, hints }), size),
    });
  };
  if (isLive) say(["Starting the store, the ledger and three data centres …"]);
  try {
    const report = await runDemo(plan, { environment, signal, board, onRunning });
    screen?.close();
    if (json) output.printJson(reportJson(report));
    else output.print(["", ...reportLines(report)]);
    return report.problems.length === 0 ? exitCodes.ok : exitCodes.badReport;
  } finally {
    screen?.close();
  }
}

function hintsFor({ store }: RunningDemo): readonly string[] {
  return [
    `export MANDATE_STORE=${store.url}`,
    `${programName()} observe ${demoElection}`,
    `${programName()} transfer ${demoElection} --to dublin`,
  ];
}

/** How this program is called here: in a folder where npm has linked it, by npx. */
function programName(): string {
  return process.env["npm_command"] === undefined ? "mandate" : "npx mandate";
}
