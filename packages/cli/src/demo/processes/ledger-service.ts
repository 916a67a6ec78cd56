import { type FencedAnswer, fenceRequest } from "@mandate/election";
import { jsonLine } from "../../json.ts";
import type { ServiceAnswer, ServiceRequest } from "../http-service.ts";
import { parseOrder } from "../order.ts";
import type { Ledger } from "./ledger.ts";

/** What a {@link ledgerService} needs. */
export interface LedgerServiceOptions {
  readonly ledger: Ledger;
  /** Whose leaders may write. */
  readonly election: string;
  /** Called for each write that came in the name of an older term. */
  readonly onStaleWrite: (term: string) => void;
}

/**
 * The ledger over HTTP, as a database is: `POST /fence` refuses older terms from then on, `POST
 * /orders` writes, `GET /orders/last` and `GET /orders` read. Writes carry `Mandate-Election` and
 * `Mandate-Term`; those of an older term are answered with 412.
 */
export function ledgerService(
  options: LedgerServiceOptions,
): (request: ServiceRequest) => Promise<ServiceAnswer> {
  const { ledger, election } = options;
  return async (request) => {
    const { headers } = request;
    switch (`${request.method} ${request.path}`) {
      case "POST /fence":
        return answerOf(
          await fenceRequest({ headers, election }, (mandate) => {
            ledger.raise(mandate);
            return { status: 204 };
          }),
        );
      case "POST /orders": {
        const order = parseOrder(request.body);
        const idempotencyKey = headers["idempotency-key"];
        if (order === undefined || typeof idempotencyKey !== "string") {
          return { status: 400, json: { error: "send an order, with an Idempotency-Key" } };
        }
        const written = await fenceRequest({ headers, election }, (mandate) => {
          const { receipt, replayed } = ledger.write(mandate, { order, idempotencyKey });
          return { status: replayed ? 200 : 201, json: receipt };
        });
        if (!written.ok && written.status === 412) {
          options.onStaleWrite(String(headers["mandate-term"]));
        }
        return answerOf(written);
      }
      case "GET /orders/last":
        return { status: 200, json: { sequence: ledger.lastSequence() } };
      case "GET /orders":
        return { status: 200, text: linesOf(ledger) };
      default:
        return { status: 404, json: { error: "there is POST /fence, POST /orders, GET /orders" } };
    }
  };
}

function answerOf(fenced: FencedAnswer<ServiceAnswer>): ServiceAnswer {
  return fenced.ok ? fenced.value : { status: fenced.status, json: fenced.body };
}

function* linesOf(ledger: Ledger): Generator<string> {
  for (const entry of ledger.entries()) yield jsonLine(entry);
}
