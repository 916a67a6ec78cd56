/**
 * Endpoints in the order in which they are tried: as listed at first, and one that failed goes to
 * the end, so that the next call starts at one that worked and a bad one is met last.
 */
export class EndpointRing<Endpoint> {
  #order: readonly Endpoint[];

  constructor(endpoints: readonly Endpoint[]) {
    this.#order = [...endpoints];
  }

  /** The order now; a later failure does not change what was returned. */
  get order(): readonly Endpoint[] {
    return this.#order;
  }

  failed(endpoint: Endpoint): void {
    if (this.#order.at(-1) === endpoint) return;
    this.#order = [...this.#order.filter((other) => other !== endpoint), endpoint];
  }
}
