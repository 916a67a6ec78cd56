/** What a client orders. */
export interface Order {
  /** The client's own number for it. */
  readonly orderId: string;
  readonly item: string;
  readonly quantity: number;
}

/** What a client is told of an order that is written, now or before. */
export interface OrderReceipt {
  readonly orderId: string;
  /** Its place in the ledger. */
  readonly sequence: number;
  /** The term that it was written in, decimal. */
  readonly term: string;
}

/** Reads the body of a request; undefined when it is no order. */
export function parseOrder(text: string): Order | undefined {
  const raw = parseObject(text);
  const { orderId, item, quantity } = raw ?? {};
  if (!isName(orderId) || !isName(item)) return undefined;
  if (typeof quantity !== "number" || !Number.isSafeInteger(quantity) || quantity < 1) {
    return undefined;
  }
  return { orderId, item, quantity };
}

/** Reads the body of an answer; undefined when it is no receipt. */
export function parseReceipt(text: string): OrderReceipt | undefined {
  const raw = parseObject(text);
  const { orderId, sequence, term } = raw ?? {};
  if (!isName(orderId) || typeof sequence !== "number") return undefined;
  if (typeof term !== "string" || !/^\d+$/.test(term)) return undefined;
  return { orderId, sequence, term };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= 200;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // not JSON: an expected outcome, answered as malformed
  }
}
