/** The program of the child process that holds a store: see `acrossProcess`. */
import { strict as assert } from "node:assert";
import type { Store, StoreDescription, StoreModule } from "@mandate/election";
import { MandateError } from "@mandate/election";
import type { FromStoreProcess, ToStoreProcess } from "./process-messages.ts";
import { StoreHost } from "./store-host.ts";
import { plainFromError } from "./store-messages.ts";
import { WireServer } from "./wire-server.ts";

assert(process.send !== undefined, "this program is started by acrossProcess, not by hand");

let store: Store | undefined;
let server: WireServer | undefined;

// Whatever the store still does, the child never outlives its parent: their channel is cut then.
process.on("disconnect", () => process.exit());
process.on("message", (message: ToStoreProcess) => {
  if (message.kind === "open") void open(message.description);
  else if (message.kind === "close") void close();
  else server?.receive(message);
});

async function open(description: StoreDescription): Promise<void> {
  try {
    const module = await loadModule(description.module);
    store = await module.openStore(description.options);
    server = new WireServer(new StoreHost(store), send);
    send({ kind: "opened", capabilities: store.capabilities });
  } catch (error) {
    // Nothing is swallowed: the parent throws it.
    send({ kind: "notOpened", error: plainFromError(error) });
  }
}

/** A store that fails to close crashes the child, and the parent sees by its exit code. */
async function close(): Promise<void> {
  server?.stop();
  await store?.close();
  process.exit();
}

async function loadModule(url: string): Promise<StoreModule> {
  const module: unknown = await import(url).catch((cause: unknown) => {
    const message = `the store's module ${url} cannot be loaded`;
    throw new MandateError(message, { code: "INVALID_OPTIONS", cause, applied: "no" });
  });
  if (isStoreModule(module)) return module;
  const message = `the store's module ${url} must export a function openStore`;
  throw new MandateError(message, { code: "INVALID_OPTIONS", applied: "no" });
}

function isStoreModule(module: unknown): module is StoreModule {
  return (
    typeof module === "object" &&
    module !== null &&
    "openStore" in module &&
    typeof module.openStore === "function"
  );
}

function send(message: FromStoreProcess): void {
  process.send?.(message);
}
