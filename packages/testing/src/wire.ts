import type { ElectionSnapshot } from "@mandate/election";
import type { PlainError, StoreAnswer, StoreRequest } from "./store-messages.ts";

/** What the client's end of a channel sends. Ids are the client's, never used twice. */
export type ClientMessage =
  | { readonly kind: "exchange"; readonly id: number; readonly request: StoreRequest }
  /** Nobody wants the answer of that exchange any more. */
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "subscribe"; readonly id: number; readonly election: string }
  /** The snapshot arrived: the next one may be sent. */
  | { readonly kind: "received"; readonly id: number }
  | { readonly kind: "unsubscribe"; readonly id: number };

/** What the server's end of a channel sends. */
export type ServerMessage =
  | { readonly kind: "answer"; readonly id: number; readonly answer: StoreAnswer }
  | { readonly kind: "snapshot"; readonly id: number; readonly snapshot: ElectionSnapshot }
  /** The subscription is over. */
  | { readonly kind: "failed"; readonly id: number; readonly error: PlainError };
