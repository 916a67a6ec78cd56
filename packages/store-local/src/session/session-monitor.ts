import { observeDeathHint } from "./death-hint.ts";
import type { Machine } from "../machine/machine.ts";
import type { Sessions } from "./sessions.ts";

/**
 * For how long after a hint a proof may be near: the kernel closes a process's files last but one.
 */
const PROVE_FOR_MS = 1_000;

/** Watches over sessions, each once for all who ask, and ends them when they are over. */
export class SessionMonitor {
  readonly #sessions: Sessions;
  readonly #machine: Machine;
  readonly #guards = new Map<string, Guard>();

  constructor(sessions: Sessions, machine: Machine) {
    this.#sessions = sessions;
    this.#machine = machine;
  }

  /** Calls `onDead` once the session is dead. Returns what stops that. */
  guard(id: string, onDead: () => void): () => void {
    let guard = this.#guards.get(id);
    if (guard === undefined) {
      guard = new Guard(id, this.#sessions, this.#machine);
      this.#guards.set(id, guard);
      void guard.run().finally(() => {
        if (this.#guards.get(id) === guard) this.#guards.delete(id);
      });
    }
    const { listeners } = guard;
    const listener = { onDead };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      guard.stop();
      if (this.#guards.get(id) === guard) this.#guards.delete(id);
    };
  }
}

class Guard {
  readonly listeners = new Set<{ readonly onDead: () => void }>();
  readonly #id: string;
  readonly #sessions: Sessions;
  readonly #machine: Machine;
  #stopped = false;
  #wake: () => void = () => {};
  #disconnect: (() => void) | undefined;
  #awake = false;
  /** When the socket closed; undefined while it is open, or when that is too long ago. */
  #hintUs: number | undefined;

  constructor(id: string, sessions: Sessions, machine: Machine) {
    this.#id = id;
    this.#sessions = sessions;
    this.#machine = machine;
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  /** Never rejects. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      this.#disconnect ??= observeDeathHint(this.#sessions.socketPath(this.#id), () => {
        this.#hintUs = this.#machine.nowUs();
        this.#awake = true;
        this.#wake();
      });
      this.#awake = false;
      const delayMs = await this.#look();
      if (delayMs === undefined) break;
      await this.#sleep(delayMs);
    }
    this.#disconnect?.();
    if (!this.#stopped) for (const { onDead } of this.listeners) onDead();
  }

  /** How long to wait before the next look; undefined when the session is dead. */
  async #look(): Promise<number | undefined> {
    try {
      const session = await this.#sessions.settle(this.#id);
      if (session === undefined) return undefined;
      const { record, untilUs } = session;
      const nowUs = this.#machine.nowUs();
      if (this.#hintUs !== undefined) {
        const sinceHintMs = (nowUs - this.#hintUs) / 1000;
        if (sinceHintMs < PROVE_FOR_MS) return 1 + sinceHintMs / 4;
        // A false hint: the process lives, and ran out of file descriptors, say.
        this.#hintUs = undefined;
        this.#disconnect = undefined;
      }
      return Math.min((untilUs - nowUs) / 1000, (record?.ttlMs ?? 0) / 3);
    } catch {
      // A disk that fails fails the reads of those who listen, and they say so.
      return PROVE_FOR_MS;
    }
  }

  #sleep(delayMs: number): Promise<void> {
    if (this.#awake || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, Math.ceil(delayMs))).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
