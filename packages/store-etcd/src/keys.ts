/** A key, or all keys from `key` up to but not including `rangeEnd`. */
export interface KeyRange {
  readonly key: Buffer;
  /** Empty: this one key. */
  readonly rangeEnd: Buffer;
}

const none = Buffer.alloc(0);

/**
 * Where things are kept.
 *
 * - `<prefix><election>/<lease in hex>`: a claim, as etcd's own election has it,
 *   so that programs in other languages can stand and watch in the same election.
 * - `<prefix>mandate.control:<election>`: the election's control record.
 * - `<prefix>mandate.session:<lease in hex>`: a session.
 *
 * The last two have no `/` behind the prefix: a slash in the election's name is written `%2F`. All
 * that belongs to an election, whatever its name, lies behind `<prefix><election>/`; so neither of
 * them is ever among the claims of any election, ours or another program's.
 */
export class KeyLayout {
  readonly #prefix: string;

  /** `prefix` is empty or ends in `/`. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** All claims of `election`, and those of elections whose names go on with `/` after it. */
  claims(election: string): KeyRange {
    const key = Buffer.from(`${this.#prefix}${election}/`);
    const rangeEnd = Buffer.from(key);
    // "0" is the character after "/": the range ends where the common beginning does.
    rangeEnd[rangeEnd.length - 1] = 0x30;
    return { key, rangeEnd };
  }

  claim(election: string, claimId: string): KeyRange {
    return single(`${this.#prefix}${election}/${claimId}`);
  }

  control(election: string): KeyRange {
    const name = election.replaceAll("%", "%25").replaceAll("/", "%2F");
    return single(`${this.#prefix}mandate.control:${name}`);
  }

  session(sessionId: string): KeyRange {
    return single(`${this.#prefix}mandate.session:${sessionId}`);
  }

  /**
   * The id in a key out of `claims(election)`; undefined when the key belongs to another election,
   * as `a/b/1f` does to `a/b` although it lies in the range of `a`.
   */
  claimId(election: string, key: Uint8Array): string | undefined {
    const rest = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
      .subarray(Buffer.byteLength(this.#prefix) + Buffer.byteLength(election) + 1)
      .toString("latin1");
    return /^[0-9a-f]{1,16}$/.test(rest) ? rest : undefined;
  }
}

function single(key: string): KeyRange {
  return { key: Buffer.from(key), rangeEnd: none };
}
