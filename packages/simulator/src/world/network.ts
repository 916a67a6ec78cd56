import type { Clock, Random } from "@mandate/election";
import { between, chance } from "./chance.ts";

/** What the network does to messages, each as a probability; 0 turns it off. */
export interface NetworkFaults {
  readonly loss: number;
  /** A message takes up to `slowMs` longer, so that others overtake it. */
  readonly slow: number;
  readonly slowMs: number;
  readonly duplication: number;
}

/** One direction between two machines. */
export interface Link {
  /** Messages vanish: the sender cannot tell. */
  cut: boolean;
  /** How long a message takes at least, in milliseconds. */
  readonly latencyMs: number;
}

/** No faults. */
export const CALM_NETWORK: NetworkFaults = { loss: 0, slow: 0, slowMs: 0, duplication: 0 };

/** After the network is healed, messages that still travel arrive within this time. */
const STRAGGLER_MS = 300;

/** Carries messages: late, in any order, twice or never. */
export class Network {
  readonly #world: Clock;
  readonly #random: Random;
  readonly #healAtMs: number;
  #faults: NetworkFaults;

  constructor(
    parts: { readonly world: Clock; readonly random: Random },
    options: { readonly faults: NetworkFaults; readonly healAtMs: number },
  ) {
    this.#world = parts.world;
    this.#random = parts.random;
    this.#faults = options.faults;
    this.#healAtMs = options.healAtMs;
  }

  /** From now on every message arrives, once and soon. */
  heal(): void {
    this.#faults = CALM_NETWORK;
  }

  /** Sends one message. With `reliable` it is neither lost nor doubled, as bytes of a stream. */
  send(link: Link, arrive: () => void, { reliable = false } = {}): void {
    const { loss, duplication } = this.#faults;
    if (!reliable && (link.cut || chance(this.#random, loss))) return;
    this.#world.setTimer(this.#delayMs(link), arrive);
    if (!reliable && chance(this.#random, duplication)) {
      this.#world.setTimer(this.#delayMs(link), arrive);
    }
  }

  #delayMs(link: Link): number {
    const { slow, slowMs } = this.#faults;
    const usualMs = link.latencyMs * between(this.#random, 1, 1.5);
    if (!chance(this.#random, slow)) return usualMs;
    const nowMs = this.#world.now().monotonicMs;
    const latestMs = Math.max(usualMs, this.#healAtMs + STRAGGLER_MS - nowMs);
    return Math.min(usualMs + between(this.#random, 0, slowMs), latestMs);
  }
}
