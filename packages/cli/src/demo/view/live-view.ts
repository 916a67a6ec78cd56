import type { Look } from "../../colour.ts";
import { formatDuration } from "../../duration.ts";
import { table } from "../../table.ts";
import type { CentreLine, DemoEvent, LeaderLine } from "../scoreboard.ts";

/** One moment of a demo. */
export interface DemoMoment {
  readonly storeTitle: string;
  readonly ttlMs: number;
  /** Since the start, in milliseconds. */
  readonly elapsedMs: number;
  readonly forMs: number;
  readonly leader: LeaderLine | undefined;
  /** How long it has led, in milliseconds. */
  readonly leadsForMs: number;
  readonly centres: readonly CentreLine[];
  readonly accepted: number;
  readonly waiting: number;
  readonly refused: number;
  readonly staleWritesRefused: number;
  /** Orders accepted in each of the last intervals, the newest last. */
  readonly rates: readonly number[];
  /** How many of them make a second. */
  readonly ratesPerSecond: number;
  readonly events: readonly DemoEvent[];
  /** What can be done from another terminal. */
  readonly hints: readonly string[];
}

/** A line of the view. */
export interface ViewLine {
  readonly text: string;
  readonly look: Look | undefined;
}

/** The size of a terminal. */
export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
}

/** The view of a moment: no line is wider than the terminal, and there are no more than fit. */
export function liveView(moment: DemoMoment, { columns, rows }: ViewSize): readonly ViewLine[] {
  const { elapsedMs, forMs, hints, storeTitle, ttlMs } = moment;
  const time = `${formatSeconds(elapsedMs)} of ${formatDuration(forMs)}`;
  const head = [
    line(`Mandate demo on ${storeTitle}, TTL ${formatDuration(ttlMs)}, ${time}`, "bold"),
    blank,
    leaderLine(moment),
    ...ordersLines(moment, columns),
    blank,
    ...centreLines(moment),
    blank,
  ];
  const foot = [
    blank,
    line("From another terminal:", "dim"),
    ...hints.map((hint) => line(`  ${hint}`, "cyan")),
    line("Ctrl-C ends the demo, with its report.", "dim"),
  ];
  const room = Math.max(1, rows - head.length - foot.length);
  const events = moment.events.slice(-room).map(eventLine);
  const filled = [...events, ...Array.from({ length: room - events.length }, () => blank)];
  return [...head, ...filled, ...foot]
    .slice(0, rows)
    .map(({ text, look }) => ({ text: clipped(text, columns), look }));
}

/** An event as one line. */
export function eventLine({ atMs, kind, text }: DemoEvent): ViewLine {
  return line(`${(atMs / 1_000).toFixed(3).padStart(8)}  ${text}`, looks[kind]);
}

const blank: ViewLine = { text: "", look: undefined };

const looks: Readonly<Record<DemoEvent["kind"], Look | undefined>> = {
  fault: "red",
  healed: "dim",
  leader: "green",
  note: "yellow",
};

function line(text: string, look?: Look): ViewLine {
  return { text, look };
}

function leaderLine({ centres, leader, leadsForMs }: DemoMoment): ViewLine {
  const state = centres.find(({ id }) => id === leader?.candidateId)?.state;
  if (leader?.serving !== true || state === "down" || state === "starting") {
    return line("nobody leads at the moment", "yellow");
  }
  const { candidateId, term } = leader;
  if (state !== "running")
    return line(`${candidateId}, ${state}, still has term ${term}`, "yellow");
  return line(`${candidateId} leads in term ${term}, for ${formatSeconds(leadsForMs)}`, "green");
}

function ordersLines(moment: DemoMoment, columns: number): readonly ViewLine[] {
  const { accepted, refused, staleWritesRefused, waiting, rates, ratesPerSecond } = moment;
  const perSecond = rates.slice(-ratesPerSecond).reduce((sum, count) => sum + count, 0);
  const counts = [
    `${perSecond} orders/s`,
    `${accepted} accepted`,
    `${waiting} waiting`,
    `${refused} refused`,
    `${staleWritesRefused} stale writes refused`,
  ];
  return [line(counts.join(", ")), line(sparkline(rates.slice(-columns)), "cyan")];
}

function centreLines({ centres, leader }: DemoMoment): readonly ViewLine[] {
  const rows = centres.map(({ id, region, state, url }) => {
    const leads = leader?.serving === true && leader.candidateId === id && state !== "down";
    const word = state === "running" ? (leads ? "leads" : "follows") : state;
    return ["", id, region, word, url ?? ""];
  });
  return table(rows).map((text) => line(text));
}

const bars = " ▁▂▃▄▅▆▇█";

function sparkline(values: readonly number[]): string {
  const largest = Math.max(1, ...values);
  return values
    .map((value) => bars[Math.ceil((value / largest) * (bars.length - 1))] ?? " ")
    .join("");
}

/** Like {@link formatDuration}, without what would flicker. */
function formatSeconds(durationMs: number): string {
  return formatDuration(Math.floor(durationMs / 1_000) * 1_000 || 0).replace(/^0 ms$/, "0 s");
}

function clipped(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
