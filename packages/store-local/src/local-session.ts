import { randomUUID } from "node:crypto";

import { MandateError } from "@mandate/election";
import type {
  CallOptions,
  Claim,
  ClaimId,
  StandRequest,
  StandResult,
  StoreSession,
  UpdateRequest,
} from "@mandate/election";

import { DeathHint } from "./session/death-hint.ts";
import type { Machine } from "./machine/machine.ts";
import { Serial } from "./serial.ts";
import type { Sessions } from "./session/sessions.ts";
import { encodeClaim } from "./election/snapshot-reader.ts";
import type { SnapshotReader } from "./election/snapshot-reader.ts";

/** What a {@link LocalSession} needs of its store. */
export interface LocalSessionHost {
  readonly sessions: Sessions;
  readonly machine: Machine;
  reader(election: string): SnapshotReader;
  /** The session is over: there is nothing more to do for it. */
  forget(session: LocalSession): void;
  /** Runs the work of a call: gives up when the signal aborts, and translates errors. */
  call<T>(doing: string, options: CallOptions, work: () => Promise<T>): Promise<T>;
}

/** What a session knows of its part in one election. */
interface Standing {
  /** One change after another: the caller of one that hangs may be gone already. */
  readonly changes: Serial;
  claim: { readonly number: number; version: number } | undefined;
  /** A claim may be there that is not known, or not on the disk: an attempt failed half-way. */
  doubtful: boolean;
}

/** A session of this process. */
export class LocalSession implements StoreSession {
  readonly id: string;
  readonly ttlMs: number;
  readonly #host: LocalSessionHost;
  readonly #hint: DeathHint;
  readonly #renewals = new Serial();
  readonly #standings = new Map<string, Standing>();
  #untilUs: number;
  #dead = false;

  private constructor(
    host: LocalSessionHost,
    hint: DeathHint,
    { id, ttlMs, untilUs }: { id: string; ttlMs: number; untilUs: number },
  ) {
    this.#host = host;
    this.#hint = hint;
    this.id = id;
    this.ttlMs = ttlMs;
    this.#untilUs = untilUs;
  }

  static async open(host: LocalSessionHost, ttlMs: number): Promise<LocalSession> {
    const { machine, sessions } = host;
    const id = randomUUID();
    const untilUs = leaseEnd(machine.nowUs(), ttlMs);
    await sessions.create(id, { process: machine.self, ttlMs }, untilUs);
    try {
      // After the session: a socket without one is litter.
      const hint = await DeathHint.offer(sessions.socketPath(id));
      return new LocalSession(host, hint, { id, ttlMs, untilUs });
    } catch (error) {
      await sessions.end(id, untilUs);
      throw error;
    }
  }

  renew(options: CallOptions): Promise<void> {
    const toUs = leaseEnd(this.#host.machine.nowUs(), this.ttlMs);
    return this.#host.call("renewing the session", options, () =>
      this.#renewals.run(() => this.#renew(toUs)),
    );
  }

  claims(options: CallOptions): Promise<readonly Claim[]> {
    return this.#host.call("reading the session's claims", options, async () => {
      if (!(await this.#isAlive())) return [];
      const claims: Claim[] = [];
      for (const [election, { claim, doubtful }] of this.#standings) {
        if (claim === undefined && !doubtful) continue;
        claims.push(...(await this.#host.reader(election).claimsOf(this.id)));
      }
      return claims;
    });
  }

  stand(request: StandRequest, options: CallOptions): Promise<StandResult> {
    const { election } = request;
    const standing = this.#standing(election);
    return this.#host.call(`standing in "${election}"`, options, () =>
      standing.changes.run(() => this.#stand(standing, request)),
    );
  }

  update({ claim, registration }: UpdateRequest, options: CallOptions): Promise<boolean> {
    const { election } = claim;
    const { changes } = this.#standing(election);
    return this.#host.call(`updating a claim in "${election}"`, options, () =>
      changes.run(() => this.#update(claim, registration)),
    );
  }

  withdraw(claim: ClaimId, options: CallOptions): Promise<void> {
    const { election } = claim;
    const { changes } = this.#standing(election);
    return this.#host.call(`withdrawing from "${election}"`, options, () =>
      changes.run(() => this.#withdraw(claim)),
    );
  }

  close(options: CallOptions): Promise<void> {
    return this.#host.call("closing the session", options, () => this.end());
  }

  /** Ends the session on the disk, and waits for what is in flight. Idempotent. */
  async end(): Promise<void> {
    await this.#renewals.run(() => this.#end());
    await Promise.all([...this.#standings.values()].map(({ changes }) => changes.idle()));
  }

  /** Leaves the session to run out by itself. */
  abandon(): void {
    this.#hint.close();
  }

  async #renew(toUs: number): Promise<void> {
    const { machine, sessions } = this.#host;
    // Others may have looked at the clock and may be about to act on it.
    if (machine.nowUs() >= this.#untilUs) await this.#end();
    while (!this.#dead && this.#untilUs < toUs) {
      if (await sessions.renew(this.id, { fromUs: this.#untilUs, toUs })) {
        this.#untilUs = toUs;
        return;
      }
      // Dead, unless a rename that reported an error was done all the same.
      const found = await sessions.inspect(this.id);
      if (found === undefined) await this.#end();
      else this.#untilUs = found.untilUs;
    }
    if (this.#dead) throw lost(this.id);
  }

  async #end(): Promise<void> {
    const { sessions } = this.#host;
    this.#dead = true;
    for (;;) {
      const found = await sessions.inspect(this.id);
      if (found === undefined || (await sessions.end(this.id, found.untilUs))) break;
    }
    this.#hint.close();
    this.#host.forget(this);
  }

  async #stand(standing: Standing, request: StandRequest): Promise<StandResult> {
    const { election, registration } = request;
    const reader = this.#host.reader(election);
    for (;;) {
      if (!(await this.#isAlive())) throw lost(this.id);
      if (standing.doubtful) await this.#withdrawAll(standing, reader);
      if (standing.claim === undefined) {
        standing.doubtful = true;
        await reader.files.addClaim(encodeClaim(this.id, registration), (number) => {
          standing.claim = { number, version: 0 };
        });
        standing.doubtful = false;
      }
      const view = await reader.read();
      const claim = view.snapshot.claims.find((one) => this.#isOwn(standing, one));
      if (claim !== undefined) {
        await reader.tidy(view);
        return { claim, snapshot: view.snapshot };
      }
      // The session died meanwhile; or somebody removed files by hand.
      standing.claim = undefined;
    }
  }

  async #update(claim: ClaimId, registration: string): Promise<boolean> {
    const standing = this.#standing(claim.election);
    if (standing.claim === undefined || !this.#isOwn(standing, claim)) return false;
    if (!(await this.#isAlive())) return false;
    const reader = this.#host.reader(claim.election);
    // Never twice, even if it fails: what is under a version never changes.
    standing.claim.version += 1;
    const { number, version } = standing.claim;
    await reader.files.addRegistration(number, version, registration);
    const { snapshot } = await reader.read();
    return snapshot.claims.some((one) => this.#isOwn(standing, one));
  }

  async #withdraw(claim: ClaimId): Promise<void> {
    const standing = this.#standing(claim.election);
    const reader = this.#host.reader(claim.election);
    if (!(await this.#isAlive())) return;
    const own = await reader.claimsOf(this.id);
    if (own.some(({ id }) => id === claim.id)) await reader.files.markGone(Number(claim.term));
    if (this.#isOwn(standing, claim)) standing.claim = undefined;
  }

  async #withdrawAll(standing: Standing, reader: SnapshotReader): Promise<void> {
    for (const { term } of await reader.claimsOf(this.id)) {
      await reader.files.markGone(Number(term));
    }
    standing.claim = undefined;
    standing.doubtful = false;
  }

  async #isAlive(): Promise<boolean> {
    return !this.#dead && (await this.#host.sessions.inspect(this.id)) !== undefined;
  }

  #isOwn({ claim }: Standing, { term }: ClaimId): boolean {
    return claim !== undefined && BigInt(claim.number) === term;
  }

  #standing(election: string): Standing {
    let standing = this.#standings.get(election);
    if (standing === undefined) {
      standing = { changes: new Serial(), claim: undefined, doubtful: false };
      this.#standings.set(election, standing);
    }
    return standing;
  }
}

/** Rounded up, since the clock's reading was rounded down. */
function leaseEnd(nowUs: number, ttlMs: number): number {
  return nowUs + Math.ceil(ttlMs * 1000) + 1;
}

function lost(id: string): MandateError {
  return new MandateError(`session ${id} is gone: open a new one`, {
    code: "SESSION_LOST",
    applied: "no",
  });
}
