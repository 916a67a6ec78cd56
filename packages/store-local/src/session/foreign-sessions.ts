import { MandateError } from "@mandate/election";

import { pause } from "../abortable.ts";
import type { Machine } from "../machine/machine.ts";
import { judgeLease, sameKernel } from "./session-record.ts";
import type { OpenSession } from "./session-record.ts";
import type { Sessions } from "./sessions.ts";

const LOOK_AGAIN_MS = 20;
/** Beyond a TTL, for a process whose clock is another: the two may differ in rate. */
const GRACE = 1.1;

/**
 * Sessions of processes whose pids or clock mean something else here: of another container that
 * shares the folder, or of an earlier boot. Such a process cannot be asked about, so the folder is
 * shared with the dead only.
 */
export class ForeignSessions {
  readonly #sessions: Sessions;
  readonly #machine: Machine;
  /** When each was first seen with which lease; kept from call to call, which may be short. */
  readonly #seen = new Map<string, { readonly untilUs: number; readonly sinceUs: number }>();

  constructor(sessions: Sessions, machine: Machine) {
    this.#sessions = sessions;
    this.#machine = machine;
  }

  /**
   * Resolves once all foreign sessions are dead: those of an ended container run out.
   * @throws `STORE_UNSUITABLE` when one of them is renewed
   */
  async outlive(signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = await this.#left();
      if (left.length === 0) return;
      await pause(LOOK_AGAIN_MS, signal);
    }
  }

  /** @throws `STORE_UNSUITABLE` when there is one that may live */
  async refuse(): Promise<void> {
    const left = await this.#left();
    if (left.length > 0) throw shared();
  }

  async #left(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const id of await this.#sessions.ids()) {
      const session = await this.#sessions.inspect(id);
      if (session?.record === undefined) continue;
      if (sameKernel(session.record.process, this.#machine.self)) continue;
      const over = this.#isOver(id, session, session.record.ttlMs);
      if (!over || !(await this.#sessions.end(id, session.untilUs))) left.push(id);
    }
    for (const id of this.#seen.keys()) if (!left.includes(id)) this.#seen.delete(id);
    return left;
  }

  #isOver(id: string, session: OpenSession, ttlMs: number): boolean {
    const nowUs = this.#machine.nowUs();
    const seen = this.#seen.get(id) ?? { untilUs: session.untilUs, sinceUs: nowUs };
    this.#seen.set(id, seen);
    if (seen.untilUs !== session.untilUs) throw shared();
    const verdict = judgeLease(session, this.#machine.self, nowUs);
    if (verdict !== "unknown") return verdict === "ended";
    return nowUs > seen.sinceUs + ttlMs * 1000 * GRACE;
  }
}

function shared(): MandateError {
  return new MandateError(
    "a process of another container, or with a clock of its own, uses this folder: " +
      "give each container a folder of its own, or use a store for several machines",
    { code: "STORE_UNSUITABLE", applied: "no" },
  );
}
