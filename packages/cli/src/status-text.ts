import type { Contender, ElectionStatus } from "@mandate/election";
import type { Paint } from "./colour.ts";
import { printable } from "./printable.ts";
import { table } from "./table.ts";

/** An election's state for `--json`: what is not there is null. */
export function statusJson({ election, leader, term, contenders, paused }: ElectionStatus): object {
  return { election, leader: leader ?? null, term: term ?? null, contenders, paused };
}

/** Who leads, in words, such as `dublin leads orders in term 12`. */
export function leaderText({ election, leader, term }: ElectionStatus): string {
  const name = printable(election);
  if (leader === undefined) return `nobody leads ${name}`;
  return `${printable(leader.candidate.id)} leads ${name} in term ${term}`;
}

/** One line for a state of the election. */
export function observedLine(at: string, status: ElectionStatus, paint: Paint): string {
  const { leader, contenders, paused } = status;
  const count = contenders.length === 1 ? "1 candidate" : `${contenders.length} candidates`;
  const text = paint(leader === undefined ? "yellow" : "green", leaderText(status));
  return `${paint("dim", at)}  ${text}${paint("dim", ` (${count}${paused ? ", paused" : ""})`)}`;
}

/** The state of the election in full. */
export function statusLines(status: ElectionStatus, paint: Paint): readonly string[] {
  const { election, leader, contenders, paused } = status;
  const resume = `paused: nobody new leads until mandate resume ${printable(election)}`;
  const head = [
    paint(leader === undefined ? "yellow" : "green", leaderText(status)),
    ...(paused ? [paint("yellow", resume)] : []),
  ];
  if (contenders.length === 0) return [...head, "nobody stands in it"];
  const [titles = "", ...rows] = table([
    ["", "candidate", "term", "health", "region", "priority", "url"],
    ...contenders.map(contenderRow),
  ]);
  return [...head, "", paint("dim", titles), ...rows];
}

function contenderRow(contender: Contender, place: number): readonly string[] {
  const { candidate, healthy, term, foreign } = contender;
  const health = healthy === undefined ? "unknown" : healthy ? "healthy" : "unhealthy";
  return [
    place === 0 ? "*" : "",
    printable(candidate.id),
    // What a candidate in the queue has is the term that it would lead in.
    place === 0 ? term.toString() : `(${term})`,
    foreign ? "foreign program" : health,
    printable(candidate.region ?? "-"),
    String(candidate.priority ?? 0),
    printable(candidate.url ?? "-"),
  ];
}
