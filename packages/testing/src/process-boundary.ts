import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoreCapabilities, StoreDescription } from "@mandate/election";
import { MandateError } from "@mandate/election";
import type { FromStoreProcess, ToStoreProcess } from "./process-messages.ts";
import { StoreClient } from "./store-client.ts";
import type { StoreConnection } from "./store-messages.ts";
import { errorFromPlain } from "./store-messages.ts";
import { WireClient } from "./wire-client.ts";

/** How long a child that was told to end may take before it is killed, in milliseconds. */
const CLOSE_DEADLINE_MS = 2_000;

/** How {@link acrossProcess} waits. */
export interface AcrossProcessOptions {
  /** Gives up the start, and ends the child. */
  readonly signal?: AbortSignal;
}

/** A store in a child process. The child ends when it is closed, and when this process ends. */
export class ProcessStore extends StoreClient {
  readonly #child: ChildProcess;

  constructor(connection: StoreConnection, child: ChildProcess) {
    super(connection);
    this.#child = child;
  }

  /** The child's process id. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Kills the child without warning and resolves when it is gone. Calls fail from then on. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await ended(this.#child);
  }
}

/**
 * Runs the described store in a child process and gives a store whose calls and watches travel
 * there and back as messages. What the contract promises holds as well across the boundary.
 * @throws what `openStore` threw in the child; `INVALID_OPTIONS` when the module cannot be used;
 * `STORE_UNAVAILABLE` when the child ended; the signal's reason
 */
export async function acrossProcess(
  description: StoreDescription,
  options: AcrossProcessOptions = {},
): Promise<ProcessStore> {
  const { signal } = options;
  signal?.throwIfAborted();
  const child = fork(fileURLToPath(programUrl()), {
    execArgv: conditionFlags(process.execArgv),
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  try {
    const capabilities = await opened(child, description, signal);
    return new ProcessStore(connectionTo(child, capabilities), child);
  } catch (error) {
    child.kill("SIGKILL");
    await ended(child);
    throw error;
  }
}

/** The program lies beside this file, as TypeScript in the source and as JavaScript when built. */
function programUrl(): URL {
  return new URL(`./store-process${extname(import.meta.url)}`, import.meta.url);
}

/** Of this process's own flags those that decide how packages resolve. */
function conditionFlags(execArgv: readonly string[]): string[] {
  return execArgv.filter(
    (flag, index) =>
      /^(-C|--conditions)/.test(flag) || /^(-C|--conditions)$/.test(execArgv[index - 1] ?? ""),
  );
}

function opened(
  child: ChildProcess,
  description: StoreDescription,
  signal: AbortSignal | undefined,
): Promise<StoreCapabilities> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromStoreProcess): void => {
      if (message.kind === "opened") settle(() => resolve(message.capabilities));
      if (message.kind === "notOpened") settle(() => reject(errorFromPlain(message.error)));
    };
    const onError = (error: Error): void => settle(() => reject(childEnded(child, error)));
    const onExit = (): void => settle(() => reject(childEnded(child)));
    const onAbort = (): void => settle(() => reject(signal?.reason as Error));
    const settle = (then: () => void): void => {
      child.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal?.removeEventListener("abort", onAbort);
      then();
    };
    child.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal?.addEventListener("abort", onAbort);
    send(child, { kind: "open", description });
  });
}

function connectionTo(child: ChildProcess, capabilities: StoreCapabilities): WireClient {
  const connection = new WireClient({
    capabilities,
    send: (message) => send(child, message),
    close: () => close(child),
  });
  child.on("message", (message: FromStoreProcess) => {
    if (message.kind !== "opened" && message.kind !== "notOpened") connection.receive(message);
  });
  child.on("exit", () => connection.lose(childEnded(child)));
  child.on("error", (error) => connection.lose(childEnded(child, error)));
  return connection;
}

/** What cannot be sent any more needs no error here: the child's end fails all that waits. */
function send(child: ChildProcess, message: ToStoreProcess): void {
  if (child.connected) child.send(message, () => {});
}

async function close(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  send(child, { kind: "close" });
  const timer = setTimeout(() => child.kill("SIGKILL"), CLOSE_DEADLINE_MS);
  await ended(child);
  clearTimeout(timer);
  if (child.exitCode !== 0) throw childEnded(child);
}

async function ended(child: ChildProcess): Promise<void> {
  if (!hasEnded(child)) await once(child, "exit");
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function childEnded(child: ChildProcess, cause?: Error): MandateError {
  const how = child.signalCode ?? `exit code ${child.exitCode}`;
  const message = `the store's process ended (${how}): open the store again`;
  return new MandateError(message, { code: "STORE_UNAVAILABLE", cause });
}
