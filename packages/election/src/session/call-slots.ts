/**
 * Lets so many calls be under way at once, and others wait for their turn, first come, first
 * served: a process that stands in a thousand elections at once neither buries the store under its
 * requests nor itself under what it remembers of them.
 */
export class CallSlots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Runs `call` when there is a slot for it: at once, if one is free. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
