import { MandateError } from "../errors.ts";
import { readFencedTerm, staleTerm, type FencedMandate } from "./fenced-mandate.ts";

/** A condition of an etcd transaction: how a key's value compares, byte by byte, with `value`. */
export interface EtcdFenceCompare {
  readonly target: "value";
  readonly result: "equal" | "greater";
  readonly key: string;
  readonly value: string;
}

/** A read in an etcd transaction. */
export interface EtcdFenceGet {
  readonly kind: "get";
  readonly key: string;
}

/** A write in an etcd transaction. The key has no lease: a fence outlives every session. */
export interface EtcdFencePut {
  readonly kind: "put";
  readonly key: string;
  readonly value: string;
}

/** A whole transaction: `success` when the condition holds, else `failure`. */
export interface EtcdRaise {
  readonly compare: EtcdFenceCompare;
  readonly success: EtcdFenceGet;
  readonly failure: EtcdFencePut;
}

/** What to add to a transaction of one's own: a condition, and a read for when it does not hold. */
export interface EtcdGuard {
  readonly compare: EtcdFenceCompare;
  readonly failure: EtcdFenceGet;
}

/**
 * A fence in an etcd key, as plain data for any etcd client to send. The key holds the greatest
 * term as 20 digits, so that etcd's byte-wise comparison orders terms as numbers.
 */
export interface EtcdFence {
  /**
   * The transaction that refuses all lower terms from then on; send it before the first read.
   * **Its success means refusal**: the key holds a greater term (give what was read to
   * {@link EtcdFence.explain}). This way round a missing key, whose value compares as nothing,
   * counts as "no greater term", in one condition.
   * @throws `MANDATE_LOST`, `INVALID_OPTIONS`
   */
  raise(mandate: FencedMandate): EtcdRaise;

  /**
   * Protects a transaction of one's own, after {@link EtcdFence.raise}: add `compare` to its
   * conditions and `failure` at the end of its failure branch. When it fails, give what was read to
   * {@link EtcdFence.explain}.
   * @throws `MANDATE_LOST`, `INVALID_OPTIONS`
   */
  guard(mandate: FencedMandate): EtcdGuard;

  /**
   * Says why a transaction failed, from the value that the key had then (`undefined`: no such key).
   * Returns when the fence was not the reason, so that it was another condition of the transaction.
   * @throws `STALE_TERM`; `INVALID_OPTIONS` when the fence was never raised to this mandate's term
   * or its key holds something else
   */
  explain(mandate: FencedMandate, value: string | undefined): void;
}

/**
 * Makes an {@link EtcdFence}. `key` must be in the same cluster as the data, under no election's
 * own prefix (there it would be a candidate), and one per election.
 */
export function etcdFence({ key }: { readonly key: string }): EtcdFence {
  const get = { kind: "get", key } as const;
  const compare = (result: "equal" | "greater", value: string): EtcdFenceCompare => ({
    target: "value",
    result,
    key,
    value,
  });
  return {
    raise(mandate) {
      const value = encodeTerm(readFencedTerm(mandate).term);
      return {
        compare: compare("greater", value),
        success: get,
        failure: { kind: "put", key, value },
      };
    },
    guard(mandate) {
      const value = encodeTerm(readFencedTerm(mandate).term);
      return { compare: compare("equal", value), failure: get };
    },
    explain(mandate, value) {
      const fenced = readFencedTerm(mandate);
      const seenTerm = value === undefined ? -1n : decodeTerm(key, value);
      if (seenTerm > fenced.term) {
        throw staleTerm(fenced, seenTerm);
      }
      if (seenTerm < fenced.term) {
        throw new MandateError(
          `refused: the fence "${key}" was not raised to term ${fenced.term} of election ` +
            `"${fenced.election}": raise it before the first read`,
          { code: "INVALID_OPTIONS", applied: "no" },
        );
      }
    },
  };
}

function encodeTerm(term: bigint): string {
  return String(term).padStart(20, "0");
}

function decodeTerm(key: string, value: string): bigint {
  if (!/^\d{20}$/.test(value)) {
    throw new MandateError(
      `the key "${key}" holds something else than a fence's term: give the fence a key of its own`,
      { code: "INVALID_OPTIONS", applied: "no" },
    );
  }
  return BigInt(value);
}
