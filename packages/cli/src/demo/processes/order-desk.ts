import { hasCode, type Mandate } from "@mandate/election";
import type { ServiceAnswer, ServiceRequest } from "../http-service.ts";
import { parseOrder } from "../order.ts";
import type { LedgerClient } from "./ledger-client.ts";

/** What an {@link OrderDesk} needs. */
export interface OrderDeskOptions {
  readonly ledger: LedgerClient;
  /** Where the leader is, as far as this data centre knows; undefined while there is none. */
  readonly leaderUrl: () => string | undefined;
}

/** Where a data centre takes orders: it writes them while it leads, else sends clients on. */
export class OrderDesk {
  readonly #options: OrderDeskOptions;
  readonly #pending = new Set<Promise<ServiceAnswer>>();
  #mandate: Mandate | undefined;

  constructor(options: OrderDeskOptions) {
    this.#options = options;
  }

  /** Writes orders from now on, under this mandate. */
  open(mandate: Mandate): void {
    this.#mandate = mandate;
  }

  /** Takes no more orders; resolves when what became of the last one is known. */
  async close(): Promise<void> {
    this.#mandate = undefined;
    await Promise.allSettled(this.#pending);
  }

  /** Answers `POST /orders`. */
  answer(request: ServiceRequest): ServiceAnswer | Promise<ServiceAnswer> {
    if (`${request.method} ${request.path}` !== "POST /orders") {
      return { status: 404, json: { error: "post orders to /orders" } };
    }
    const mandate = this.#mandate;
    if (mandate?.active !== true) return this.#sendOn();
    const answer = this.#write(mandate, request);
    this.#pending.add(answer);
    const forget = (): boolean => this.#pending.delete(answer);
    answer.then(forget, forget);
    return answer;
  }

  async #write(mandate: Mandate, { headers, body }: ServiceRequest): Promise<ServiceAnswer> {
    const order = parseOrder(body);
    const idempotencyKey = headers["idempotency-key"];
    if (order === undefined || typeof idempotencyKey !== "string") {
      return { status: 400, json: { error: "send an order as JSON, with an Idempotency-Key" } };
    }
    try {
      const written = await this.#options.ledger.write(mandate, { order, idempotencyKey });
      if (written.status === 200 || written.status === 201) {
        return { status: written.status, json: JSON.parse(written.body) };
      }
      if (written.status === 412) return tryLater("another leader has taken over");
      return { status: 502, json: { error: `the ledger answered ${written.status}` } };
    } catch (error) {
      if (hasCode(error, "MANDATE_LOST")) return this.#sendOn();
      // Whether it was written is unknown; the client's key makes it safe to try again.
      return tryLater("the ledger did not answer");
    }
  }

  #sendOn(): ServiceAnswer {
    const url = this.#options.leaderUrl();
    if (url === undefined) return tryLater("there is no leader");
    const location = `${url}/orders`;
    return { status: 307, headers: { location }, json: { error: `the leader is at ${location}` } };
  }
}

function tryLater(error: string): ServiceAnswer {
  return { status: 503, headers: { "retry-after": "1" }, json: { error } };
}
