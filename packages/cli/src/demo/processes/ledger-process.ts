// The program of the ledger's process.
import { startHttpService } from "../http-service.ts";
import type { LedgerMessage, LedgerOrders } from "./messages.ts";
import { Ledger } from "./ledger.ts";
import { ledgerService } from "./ledger-service.ts";
import { linkWithParent } from "./parent-link.ts";

const parent = linkWithParent<LedgerOrders, LedgerMessage>();
parent.listen((orders) => void start(orders));

async function start({ file, election }: LedgerOrders): Promise<void> {
  const ledger = new Ledger(file);
  const service = await startHttpService(
    ledgerService({
      ledger,
      election,
      onStaleWrite: (term) => parent.send({ kind: "stale-write", term }),
    }),
    (error) => process.stderr.write(`${String(error)}\n`),
  );
  parent.send({ kind: "listening", url: service.url });
}
