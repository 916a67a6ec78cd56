import type { Claim } from "@mandate/election";
import { decodeRegistration } from "@mandate/election/internal";
import type { Checker, JournalEntry } from "../world/journal.ts";
import type { Scenario } from "../world/scenario.ts";

/** What the checker wants to know of the world's rules. */
export interface CalmOptions {
  readonly scenario: Scenario;
  readonly nowMs: () => number;
}

interface Leader {
  readonly process: number;
  readonly term: bigint;
  readonly sinceMs: number;
}

type Report = (message: string, invariant?: string) => void;

/** Someone leads within this time after everything was healed, in TTLs (and see `graceMs`). */
const BOUND_TTLS = 4;

/** On top of the bound in TTLs: late expiry at the store, and messages that still travelled. */
const GRACE_MS = 1_500;

/**
 * What has to happen once nothing fails any more. L1: someone leads. L2: whoever wishes to lead
 * stands. L4: the leader is healthy if a candidate is, and the preferred one; what the store says
 * of health is true. S6: no claim is left that nobody accounts for.
 */
export class CalmChecker implements Checker {
  readonly #options: CalmOptions;
  readonly #claims = new Map<string, Map<string, Claim>>();
  readonly #sessions = new Map<string, number>();
  readonly #current = new Map<number, string>();
  /** Since when a process has wished to lead an election. */
  readonly #wishes = new Map<string, number>();
  /** When the last claim of a wish went. */
  readonly #lastClaim = new Map<string, number>();
  readonly #leaders = new Map<string, Leader>();
  readonly #vacantSince = new Map<string, number>();
  readonly #unhealthy = new Set<string>();
  #calmSinceMs = Infinity;

  constructor(options: CalmOptions) {
    this.#options = options;
    for (const election of options.scenario.elections) {
      this.#claims.set(election, new Map());
      this.#vacantSince.set(election, 0);
    }
  }

  see(entry: JournalEntry, report: Report): void {
    switch (entry.kind) {
      case "event":
        return this.#seeEvent(entry);
      case "claim-added":
      case "claim-updated":
        this.#claims.get(entry.claim.election)?.set(keyOf(entry.claim), entry.claim);
        return;
      case "claim-removed":
        this.#claims.get(entry.claim.election)?.delete(keyOf(entry.claim));
        this.#lastClaim.set(this.#ownerOf(entry.claim), this.#options.nowMs());
        return;
      case "lead-started":
        this.#wishes.set(wishOf(entry), this.#options.nowMs());
        return;
      case "lead-ended":
        this.#wishes.delete(wishOf(entry));
        return;
      case "health":
        if (entry.healthy) this.#unhealthy.delete(wishOf(entry));
        else this.#unhealthy.add(wishOf(entry));
        return;
      case "process-ended":
        return this.#seeDeath(entry.process);
      case "healed":
        this.#calmSinceMs = this.#options.nowMs();
        return;
      case "tick":
        return this.#seeTick(report);
      default:
    }
  }

  /** Looks whether everything is as it should be in the end. */
  atEnd(report: Report): void {
    for (const election of this.#options.scenario.elections) {
      this.#checkStanding(election, report);
      this.#checkLeader(election, report);
    }
  }

  #seeEvent({ process, event }: Extract<JournalEntry, { kind: "event" }>): void {
    if (event.type === "session-opened") {
      this.#sessions.set(event.sessionId, process);
      this.#current.set(process, event.sessionId);
    } else if (event.type === "elected") {
      const sinceMs = this.#options.nowMs();
      this.#leaders.set(event.election, { process, term: event.term, sinceMs });
    } else if (event.type === "draining" || event.type === "ended") {
      this.#vacate(event.election, ({ term }) => term === event.term);
    }
  }

  #seeDeath(process: number): void {
    this.#current.delete(process);
    for (const election of this.#options.scenario.elections) {
      this.#wishes.delete(wishOf({ process, election }));
      this.#vacate(election, (leader) => leader.process === process);
    }
  }

  #vacate(election: string, applies: (leader: Leader) => boolean): void {
    const leader = this.#leaders.get(election);
    if (leader === undefined || !applies(leader)) return;
    this.#leaders.delete(election);
    this.#vacantSince.set(election, this.#options.nowMs());
  }

  get #boundMs(): number {
    return BOUND_TTLS * this.#options.scenario.ttlMs + GRACE_MS;
  }

  #seeTick(report: Report): void {
    if (this.#calmSinceMs === Infinity) return;
    const now = this.#options.nowMs();
    for (const election of this.#options.scenario.elections) {
      const someoneWishes = [...this.#wishes.keys()].some((wish) => wish.endsWith(` ${election}`));
      if (!someoneWishes || this.#leaders.has(election)) continue;
      const sinceMs = Math.max(this.#calmSinceMs, this.#vacantSince.get(election) ?? 0);
      if (now - sinceMs <= this.#boundMs) continue;
      report(`nobody has led ${election} for ${Math.round(now - sinceMs)} ms although all is well`);
    }
  }

  #ownerOf({ sessionId, election }: Claim): string {
    return wishOf({ process: this.#sessions.get(sessionId) ?? -1, election });
  }

  #checkStanding(election: string, report: Report): void {
    const now = this.#options.nowMs();
    const claims = [...(this.#claims.get(election)?.values() ?? [])];
    for (const { index } of this.#options.scenario.processes.map((_, each) => ({ index: each }))) {
      const sinceMs = this.#wishes.get(wishOf({ process: index, election }));
      const own = claims.filter(({ sessionId }) => this.#sessions.get(sessionId) === index);
      const stray = own.some(({ sessionId }) => sessionId !== this.#current.get(index));
      if (stray || (sinceMs === undefined && own.length > 0)) {
        report(`p${index} has a claim in ${election} that nobody accounts for`, "S6");
      }
      const lastMs = this.#lastClaim.get(wishOf({ process: index, election })) ?? 0;
      const waitedMs = now - Math.max(sinceMs ?? now, lastMs, this.#calmSinceMs);
      if (own.length === 0 && waitedMs > this.#boundMs) {
        report(`p${index} wishes to lead ${election} but does not stand in it`, "L2");
      }
    }
  }

  #checkLeader(election: string, report: Report): void {
    const { scenario } = this.#options;
    const standing = [...(this.#claims.get(election)?.values() ?? [])].flatMap((claim) => {
      const process = this.#sessions.get(claim.sessionId);
      return process === undefined ? [] : [{ claim, process }];
    });
    for (const { claim, process } of standing) {
      const says = decodeRegistration(claim.registration)?.healthy;
      const healthy = !this.#unhealthy.has(wishOf({ process, election }));
      if (says === healthy) continue;
      report(`the store says that p${process} is ${says ? "" : "un"}healthy in ${election}`, "L4");
    }
    const leader = this.#leaders.get(election);
    const healthy = standing.filter(
      ({ process }) => !this.#unhealthy.has(wishOf({ process, election })),
    );
    if (leader === undefined || healthy.length === 0) return;
    // One that came to lead although others are better placed is given a renewal to find out.
    if (this.#options.nowMs() - leader.sinceMs < scenario.ttlMs) return;
    if (!healthy.some(({ process }) => process === leader.process)) {
      report(`p${leader.process} leads ${election} unhealthy although others are well`, "L4");
    } else if (scenario.agreed) {
      const rank = (process: number): number => rankOf(scenario, process);
      const best = Math.min(...healthy.map(({ process }) => rank(process)));
      if (rank(leader.process) === best) return;
      report(`p${leader.process} leads ${election} although a preferred one stands`, "L4");
    }
  }
}

/** Smaller is better. */
function rankOf({ processes }: Scenario, process: number): number {
  const plan = processes[process];
  if (plan === undefined) return Infinity;
  const place = plan.preferredRegions.indexOf(plan.candidate.region ?? "");
  const region = place === -1 ? plan.preferredRegions.length : place;
  return region * 10_000 - (plan.candidate.priority ?? 0);
}

function wishOf(wish: { readonly process: number; readonly election: string }): string {
  return `${wish.process} ${wish.election}`;
}

function keyOf(claim: Claim): string {
  return `${claim.id} ${claim.term}`;
}
