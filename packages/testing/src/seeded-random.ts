import { strict as assert } from "node:assert";
import type { Random } from "@mandate/election";

/**
 * Chance that repeats: the same seed gives the same numbers and ids. Two sources of one seed give
 * the same ids, so that each process of a test needs a seed of its own.
 */
export class SeededRandom implements Random {
  readonly #state: Uint32Array;

  /** @param seed - any safe integer */
  constructor(seed: number) {
    assert(Number.isSafeInteger(seed), `a seed is a safe integer, not ${seed}`);
    this.#state = spread(seed);
  }

  /** A number at least 0 and less than 1, one of 2^32. */
  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** 32 hexadecimal digits. */
  uniqueId(): string {
    let id = "";
    for (let word = 0; word < 4; word++) id += this.#next().toString(16).padStart(8, "0");
    return id;
  }

  /** Chris Doty-Humphrey's sfc32: a counter among three mixed words, so no cycle is short. */
  #next(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state;
    const result = (a + b + counter) >>> 0;
    this.#state[0] = b ^ (b >>> 9);
    this.#state[1] = c + (c << 3);
    this.#state[2] = ((c << 21) | (c >>> 11)) + result;
    this.#state[3] = counter + 1;
    return result;
  }
}

/** Four well mixed words out of a seed, by splitmix32, so that seeds in a row share no pattern. */
function spread(seed: number): Uint32Array {
  const high = mix(Math.floor(seed / 2 ** 32));
  let word = (seed ^ high) >>> 0;
  return Uint32Array.from({ length: 4 }, () => {
    word = (word + 0x9e3779b9) >>> 0;
    return mix(word ^ high);
  });
}

function mix(value: number): number {
  let word = value >>> 0;
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return (word ^ (word >>> 15)) >>> 0;
}
