import type { StoreCapabilities, StoreDescription } from "@mandate/election";
import type { PlainError } from "./store-messages.ts";
import type { ClientMessage, ServerMessage } from "./wire.ts";

/** What a process sends to the child that holds its store. */
export type ToStoreProcess =
  | { readonly kind: "open"; readonly description: StoreDescription }
  | { readonly kind: "close" }
  | ClientMessage;

/** What the child sends. */
export type FromStoreProcess =
  | { readonly kind: "opened"; readonly capabilities: StoreCapabilities }
  | { readonly kind: "notOpened"; readonly error: PlainError }
  | ServerMessage;
