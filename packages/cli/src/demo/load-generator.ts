import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { AcceptedOrder } from "./audit/ledger-audit.ts";
import { callHttp, type HttpAnswer } from "./http-call.ts";
import { monotonicMs } from "./monotonic.ts";
import { type Order, parseReceipt } from "./order.ts";

/** What a {@link LoadGenerator} is made with. */
export interface LoadOptions {
  /** Orders a second. */
  readonly rps: number;
  /** Where orders can go: any of them will do. */
  readonly targets: () => readonly string[];
  /** Called for each order when its client has been told that it is written. */
  readonly onAccepted: (order: AcceptedOrder) => void;
}

const attemptTimeoutMs = 2_000;
const patienceMs = 15_000;
/** So many clients wait at most; who comes then is turned away. */
const maxWaiting = 5_000;
const maxRedirects = 3;
const retryMs = 100;

/**
 * The clients: posts orders at a steady rate to any data centre, follows redirects, waits when told
 * to, and tries again with the same `Idempotency-Key` until an order is accepted or its client has
 * had enough.
 */
export class LoadGenerator {
  readonly accepted: AcceptedOrder[] = [];
  /** How many orders were given up, by the reason. */
  readonly refused = new Map<string, number>();
  readonly #options: LoadOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #waiting = new Set<Promise<void>>();
  readonly #giveUp = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** How many clients wait for an answer. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Begins to post orders. */
  start(): void {
    const startedMs = monotonicMs();
    const { rps } = this.#options;
    let due = 0;
    this.#timer = setInterval(
      () => {
        // By the clock, not by the tick: a late timer must not lower the rate.
        for (; due < ((monotonicMs() - startedMs) / 1_000) * rps; due += 1) void this.#post();
      },
      1_000 / Math.min(rps, 200),
    );
  }

  /** Posts some orders at once, to one data centre; resolves when the first one is dealt with. */
  async burst(count: number, url: string): Promise<void> {
    await Promise.race(Array.from({ length: count }, () => this.#post(url)));
  }

  /**
   * Posts no more; resolves when each client knows what became of its order, or after `limitMs`:
   * who waits then gives up.
   */
  async stop(limitMs: number): Promise<void> {
    clearInterval(this.#timer);
    const late = setTimeout(() => this.#giveUp.abort(), limitMs);
    await Promise.all(this.#waiting);
    clearTimeout(late);
    this.#agent.destroy();
  }

  /** Resolves when its client knows what became of the order; never rejects. */
  #post(firstUrl?: string): Promise<void> {
    if (this.#waiting.size >= maxWaiting) {
      this.#refuse("too many others waited");
      return Promise.resolve();
    }
    this.#count += 1;
    const order = {
      orderId: `order-${this.#count}`,
      item: items[this.#count % items.length] ?? "apples",
      quantity: 1 + (this.#count % 5),
    };
    const delivery = this.#deliver(order, firstUrl ?? this.#anyTarget()).finally(() => {
      this.#waiting.delete(delivery);
    });
    this.#waiting.add(delivery);
    return delivery;
  }

  async #deliver(order: Order, firstUrl: string): Promise<void> {
    const giveUpAtMs = monotonicMs() + patienceMs;
    const idempotencyKey = randomUUID();
    let url = `${firstUrl}/orders`;
    let redirects = 0;
    for (let reason = "no answer"; ;) {
      const leftMs = giveUpAtMs - monotonicMs();
      if (leftMs <= 0 || this.#giveUp.signal.aborted) return this.#refuse(reason);
      const timeoutMs = Math.min(attemptTimeoutMs, leftMs);
      const next = judgeAnswer(await this.#attempt({ url, order, idempotencyKey, timeoutMs }));
      if (next.kind === "accepted") return this.#accept(next.order);
      if (next.kind === "refused") return this.#refuse(next.reason);
      if (next.kind === "redirected" && redirects < maxRedirects) {
        redirects += 1;
        url = next.url;
        continue;
      }
      redirects = 0;
      reason = next.kind === "redirected" ? "sent round in circles" : next.reason;
      await this.#pause(next.kind === "redirected" ? retryMs : next.afterMs);
      url = `${this.#anyTarget()}/orders`;
    }
  }

  async #attempt(attempt: Attempt): Promise<HttpAnswer | undefined> {
    const { url, order, idempotencyKey, timeoutMs } = attempt;
    const headers = { "content-type": "application/json", "idempotency-key": idempotencyKey };
    const body = JSON.stringify(order);
    try {
      return await callHttp({ url, method: "POST", headers, body, agent: this.#agent, timeoutMs });
    } catch {
      return undefined; // refused, broken or mute: what clients are made for
    }
  }

  #accept(order: Omit<AcceptedOrder, "atMs">): void {
    const accepted = { ...order, atMs: monotonicMs() };
    this.accepted.push(accepted);
    this.#options.onAccepted(accepted);
  }

  #refuse(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  async #pause(durationMs: number): Promise<void> {
    await sleep(durationMs, undefined, { signal: this.#giveUp.signal }).catch(() => {
      // Only giving up ends it early; the loop sees that.
    });
  }

  #anyTarget(): string {
    const targets = this.#options.targets();
    return targets[Math.floor(Math.random() * targets.length)] ?? "http://127.0.0.1:9";
  }
}

const items = ["apples", "bread", "cheese", "dates", "eggs"];

interface Attempt {
  readonly url: string;
  readonly order: Order;
  readonly idempotencyKey: string;
  readonly timeoutMs: number;
}

type NextStep =
  | { readonly kind: "accepted"; readonly order: Omit<AcceptedOrder, "atMs"> }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "redirected"; readonly url: string }
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs: number };

/** What a client does next, by the answer that it got; undefined is none. */
export function judgeAnswer(answer: HttpAnswer | undefined): NextStep {
  if (answer === undefined) return { kind: "retry", reason: "no answer", afterMs: retryMs };
  const { status, headers, body } = answer;
  if (status === 200 || status === 201) {
    const receipt = parseReceipt(body);
    if (receipt === undefined) return { kind: "refused", reason: "an answer without a receipt" };
    const { orderId, sequence, term } = receipt;
    return { kind: "accepted", order: { orderId, sequence, term: BigInt(term) } };
  }
  if (status === 307 && headers.location !== undefined) {
    return { kind: "redirected", url: headers.location };
  }
  const reason = `${status} ${reasonIn(body)}`;
  if (status === 503)
    return { kind: "retry", reason, afterMs: retryAfterMs(headers["retry-after"]) };
  if (status >= 500) return { kind: "retry", reason, afterMs: retryMs };
  return { kind: "refused", reason };
}

function retryAfterMs(seconds: string | undefined): number {
  const waitMs = Number(seconds) * 1_000;
  return waitMs > 0 && waitMs <= patienceMs ? waitMs : retryMs;
}

function reasonIn(body: string): string {
  const [, reason = ""] = /"error":"([^"]*)"/.exec(body) ?? [];
  return reason;
}
