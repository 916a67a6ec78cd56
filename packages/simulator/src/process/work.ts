import type { Clock, Mandate, Random } from "@mandate/election";
import type { Gate } from "../world/gate.ts";
import type { Journal, JournalEntry, MandateName } from "../world/journal.ts";
import type { Link, Network } from "../world/network.ts";
import { between, pick, wholeBetween } from "../world/chance.ts";
import type { Resource } from "./resource.ts";

/** How a piece of work ends. */
export type WorkPlan =
  /** When it is told to. */
  | "obedient"
  /** After some writes. */
  | "returns"
  | "throws"
  /** A while after it was told to. */
  | "overruns"
  /** Never, but for the end of its process. */
  | "never-settles";

/** Protects the resource from old leaders' writes. */
export interface FenceUse {
  /** Raises the fence before the first read (S8). */
  readonly raisesBeforeRead: boolean;
}

/** What work is done with. */
export interface WorkParts {
  readonly process: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly gate: Gate;
  readonly network: Network;
  readonly link: Link;
  readonly journal: Journal;
  readonly resource: Resource;
  readonly fenceUse: FenceUse;
  readonly ttlMs: number;
}

/** How many writes a piece of work makes that ends by itself. */
const MAX_WRITES = 4;

/**
 * What a leader does: raises the fence, reads, and then writes, checking its mandate before each
 * write. Everything that it sees of its mandate goes to the journal.
 */
export async function work(parts: WorkParts, mandate: Mandate, plan: WorkPlan): Promise<string> {
  const { process, clock, random, ttlMs } = parts;
  const record = mandate.toJSON();
  const name: MandateName = { process, election: record.election, term: BigInt(record.term) };
  note(parts, { kind: "work-started", ...name });
  try {
    await takeOver(parts, mandate, name);
    const writes = plan === "obedient" ? Infinity : wholeBetween(random, 1, MAX_WRITES);
    for (let count = 0; count < writes && !mandate.signal.aborted; count++) {
      write(parts, mandate, name);
      await pauseUnlessAborted(clock, between(random, 0.05, 0.5) * ttlMs, mandate.signal);
    }
    // Tidying up takes its time; the drain time is a tenth of the TTL.
    if (mandate.signal.aborted) await sleep(clock, between(random, 0, 0.08) * ttlMs);
    if (plan === "throws") throw new Error("the work failed");
    if (plan === "returns" || plan === "obedient") return "done";
    // The rest goes on although it was told to stop.
    await pauseUnlessAborted(clock, Infinity, mandate.signal);
    await sleep(clock, plan === "overruns" ? between(random, 0, 1.5) * ttlMs : Infinity);
    write(parts, mandate, name);
    return "late";
  } finally {
    note(parts, { kind: "work-settled", ...name });
  }
}

/** A plan for a piece of work, as a seed deals them. */
export function dealPlan(random: Random, { faulty }: { readonly faulty: boolean }): WorkPlan {
  const plans: readonly WorkPlan[] = ["obedient", "obedient", "obedient", "returns", "throws"];
  const all: readonly WorkPlan[] = [...plans, ...plans, "overruns", "overruns", "never-settles"];
  return pick(random, faulty ? all : plans);
}

/** Resolves after this time; never, when it is infinite. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms !== Infinity) clock.setTimer(ms, resolve);
  });
}

/** Resolves after this time, or when the signal aborts. */
export function pauseUnlessAborted(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = ms === Infinity ? () => {} : clock.setTimer(ms, done);
    signal.addEventListener("abort", done);
  });
}

/** The fence first, then the first read. */
async function takeOver(parts: WorkParts, mandate: Mandate, name: MandateName): Promise<void> {
  const { resource, fenceUse } = parts;
  const { election } = name;
  const { term } = mandate;
  if (fenceUse.raisesBeforeRead) {
    const admitted = await ask(parts, mandate.signal, () => resource.raise(election, term));
    if (!admitted) throw new Error("the fence refuses this term");
  }
  await ask(parts, mandate.signal, () => {
    resource.read(election, term);
    return true;
  });
}

/** A request and its answer, both late, perhaps. Rejects when the signal aborts first. */
function ask(parts: WorkParts, signal: AbortSignal, act: () => boolean): Promise<boolean> {
  const { network, link, gate } = parts;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort);
    const arrive = (): void => {
      const answer = act();
      const settle = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve(answer);
      };
      network.send(link, () => gate.pass("message", settle), { reliable: true });
    };
    network.send(link, arrive, { reliable: true });
  });
}

/** One write, sent and not waited for: it may arrive when others lead already. */
function write(parts: WorkParts, mandate: Mandate, name: MandateName): void {
  mandate.check();
  note(parts, { kind: "work-acts", ...name });
  const { term } = mandate;
  const { network, link, resource, gate } = parts;
  if (!gate.alive) return;
  network.send(link, () => void resource.write(name.election, term), { reliable: true });
}

/** What a process still computes in the instant of its death is seen by nobody. */
function note({ gate, journal }: WorkParts, entry: JournalEntry): void {
  if (gate.alive) journal.write(entry);
}
