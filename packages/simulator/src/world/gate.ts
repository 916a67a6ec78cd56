/** Why something enters a process: a timer of its own, or a message. */
export type Entrance = "timer" | "message";

interface Held {
  readonly entrance: Entrance;
  readonly enter: () => void;
}

/**
 * The only way into a process. While the process is stopped everything waits here, as signals of
 * timers and bytes in sockets wait in a kernel; after its death nothing passes any more.
 */
export class Gate {
  #held: Held[] = [];
  #state: "open" | "stopped" | "dead" = "open";

  /** True while the process exists, stopped or not. */
  get alive(): boolean {
    return this.#state !== "dead";
  }

  /** True while the process can run. */
  get running(): boolean {
    return this.#state === "open";
  }

  /** Runs `enter` inside the process: now, when it continues, or never. */
  pass(entrance: Entrance, enter: () => void): void {
    if (this.#state === "open") enter();
    else if (this.#state === "stopped") this.#held.push({ entrance, enter });
  }

  /** Holds everything back from now on. */
  stop(): void {
    if (this.#state === "open") this.#state = "stopped";
  }

  /**
   * Lets the process go on. What was held enters in the order in which it came, timers before
   * messages or the other way round: an event loop that wakes up may see either first. Each enters
   * by `schedule`, so that the reactions to one are over before the next.
   */
  continue(first: Entrance, schedule: (enter: () => void) => void): void {
    if (this.#state !== "stopped") return;
    this.#state = "open";
    const held = this.#held;
    this.#held = [];
    const later = held.filter(({ entrance }) => entrance !== first);
    for (const { entrance, enter } of held) {
      if (entrance === first) schedule(() => this.pass(entrance, enter));
    }
    for (const { entrance, enter } of later) schedule(() => this.pass(entrance, enter));
  }

  /** Nothing enters any more, for ever. */
  kill(): void {
    this.#state = "dead";
    this.#held = [];
  }
}
