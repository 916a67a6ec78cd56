/** Runs one piece of work after another, in the order in which they were asked for. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Starts `work` once all before it have settled, however they did. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // A failure is its caller's to handle; the next piece of work starts all the same.
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when all that was asked for so far has settled. Never rejects. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
