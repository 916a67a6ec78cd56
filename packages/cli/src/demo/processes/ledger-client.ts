import { Agent } from "node:http";
import { type Mandate, mandateHeaders } from "@mandate/election";
import { callHttp, type HttpAnswer } from "../http-call.ts";
import type { LedgerWrite } from "./ledger.ts";

const timeoutMs = 5_000;

/** A leader's way to the ledger. */
export class LedgerClient {
  readonly #url: string;
  // Two connections, as for a database: writes wait in line for them. A mandate is checked when
  // a write is handed over; what waits after that is beyond the reach of any check in this process,
  // and if the process is stopped meanwhile, only the fence at the ledger can refuse it.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Refuses all older terms at the ledger, then reads where it ends.
   * @throws `MANDATE_LOST`, or an error when the ledger refuses or does not answer
   */
  async takeOver(mandate: Mandate): Promise<{ readonly lastSequence: number }> {
    const raised = await this.#call("POST", "/fence", { headers: mandateHeaders(mandate) });
    if (raised.status !== 204) throw new Error(`the ledger refused the fence: ${raised.body}`);
    const read = await this.#call("GET", "/orders/last", {});
    const { sequence } = JSON.parse(read.body) as { readonly sequence: number };
    return { lastSequence: sequence };
  }

  /**
   * Writes an order under the mandate.
   * @throws `MANDATE_LOST`: then nothing was sent
   */
  write(mandate: Mandate, { order, idempotencyKey }: LedgerWrite): Promise<HttpAnswer> {
    const headers = { ...mandateHeaders(mandate), "idempotency-key": idempotencyKey };
    return this.#call("POST", "/orders", { headers, body: JSON.stringify(order) });
  }

  #call(
    method: "GET" | "POST",
    path: string,
    request: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  ): Promise<HttpAnswer> {
    return callHttp({
      url: `${this.#url}${path}`,
      method,
      agent: this.#agent,
      timeoutMs,
      ...request,
    });
  }
}
