import { hasCode } from "../errors.ts";
import { isTerm, readFencedTerm, type FencedMandate, type FencedTerm } from "./fenced-mandate.ts";

/**
 * Headers as a server gives them: those of `node:http`, Express and Fastify (names in lower case),
 * or a `Headers` object.
 */
export type RequestHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { readonly get: (name: string) => string | null };

/** A request at a fenced resource. */
export interface FencedRequest {
  readonly headers: RequestHeaders;
  /** The election whose leaders may do this. A request in the name of another one is refused. */
  readonly election: string;
}

/** What became of a request: the work's result, or the refusal to answer with. */
export type FencedAnswer<Result> =
  | { readonly ok: true; readonly value: Result }
  | {
      readonly ok: false;
      /** 428: headers missing. 400: malformed, or of another election. 412: the term is over. */
      readonly status: 400 | 412 | 428;
      /** For a JSON response: what is wrong and what to do. */
      readonly body: { readonly error: string };
    };

/**
 * The headers that a leader adds to a request: `mandate-election` (percent-encoded) and
 * `mandate-term` (decimal).
 * @throws `MANDATE_LOST` by the mandate itself
 */
export function mandateHeaders(mandate: FencedTerm): {
  readonly "mandate-election": string;
  readonly "mandate-term": string;
} {
  const { election, term } = readFencedTerm(mandate);
  return { "mandate-election": encodeURIComponent(election), "mandate-term": String(term) };
}

/**
 * Does `work` for a request that carries a mandate of `election`. It does not remember terms
 * itself: `work` passes the mandate to a fence, in the same transaction as its effects.
 * `STALE_TERM` thrown there becomes a 412; other errors are thrown on. The headers protect against
 * leaders of the past, not against attackers: authenticate requests as ever.
 */
export async function fenceRequest<Result>(
  { headers, election }: FencedRequest,
  work: (mandate: FencedMandate) => Result | PromiseLike<Result>,
): Promise<FencedAnswer<Result>> {
  const name = headerOf(headers, "mandate-election");
  const term = headerOf(headers, "mandate-term");
  if (name === undefined || term === undefined) {
    return refusal(
      428,
      "send the headers Mandate-Election and Mandate-Term of the leader's mandate",
    );
  }
  const requested = decodeName(name);
  if (requested === undefined) {
    return refusal(400, "Mandate-Election must be one election's name, percent-encoded as UTF-8");
  }
  const decodedTerm = decodeTerm(term);
  if (decodedTerm === undefined) {
    return refusal(400, "Mandate-Term must be one whole number, at least 0 and less than 2^63");
  }
  if (requested !== election) {
    return refusal(
      400,
      `this is done under election ${JSON.stringify(election)}, not ${JSON.stringify(requested)}`,
    );
  }
  try {
    return { ok: true, value: await work(requestMandate(election, decodedTerm)) };
  } catch (error) {
    if (hasCode(error, "STALE_TERM")) {
      return refusal(412, error.message);
    }
    throw error;
  }
}

/**
 * Its validity is for the leader's clock to know; here the fence decides, so `check` has nothing to
 * say.
 */
function requestMandate(election: string, term: bigint): FencedMandate {
  return { election, term, check: () => undefined };
}

function refusal(status: 400 | 412 | 428, error: string): FencedAnswer<never> {
  return { ok: false, status, body: { error } };
}

function headerOf(headers: RequestHeaders, name: string): string | undefined {
  if (isHeaders(headers)) {
    return headers.get(name) ?? undefined;
  }
  const value = headers[name];
  // Servers join a repeated header by commas, which neither header may hold: malformed, here too.
  return typeof value === "object" ? value.join(", ") : value;
}

function isHeaders(
  headers: RequestHeaders,
): headers is { readonly get: (name: string) => string | null } {
  return typeof headers["get"] === "function";
}

function decodeName(text: string): string | undefined {
  // Only what encodeURIComponent leaves: raw bytes above ASCII reach servers in unclear encodings.
  if (!/^[\w.!~*'()%-]+$/.test(text)) {
    return undefined;
  }
  try {
    return decodeURIComponent(text);
  } catch {
    // Broken percent-encoding: an expected outcome, answered as malformed.
    return undefined;
  }
}

function decodeTerm(text: string): bigint | undefined {
  if (!/^(0|[1-9]\d{0,18})$/.test(text)) {
    return undefined;
  }
  const term = BigInt(text);
  return isTerm(term) ? term : undefined;
}
