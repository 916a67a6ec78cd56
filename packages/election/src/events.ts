import { channel } from "node:diagnostics_channel";
import type { EndReason } from "./candidacy/candidacy-state.ts";

/** The name of the `node:diagnostics_channel` on which every {@link ElectionEvent} is published. */
export const ELECTION_CHANNEL = "mandate:election";

/** Where in the world an event happened. */
interface Origin {
  readonly candidateId: string;
  /** The monotonic clock that the processes of a machine share, in milliseconds. */
  readonly atMs: number;
}

interface InElection extends Origin {
  readonly election: string;
}

/**
 * What happens, for journals, logs, metrics and traces. Subscribers run at once, inside the
 * decision: they should note it down and do their work later.
 */
export type ElectionEvent =
  | (Origin & { readonly type: "session-opened"; readonly sessionId: string })
  | (Origin & { readonly type: "session-open-failed"; readonly error: unknown })
  | (Origin & {
      readonly type: "session-renewed";
      readonly sessionId: string;
      /** Every mandate of this session is valid until then, if nothing else ends it. */
      readonly validUntilMs: number;
    })
  | (Origin & {
      readonly type: "session-lost";
      readonly sessionId: string;
      readonly reason: string;
    })
  | (InElection & { readonly type: "standing" })
  | (InElection & {
      readonly type: "elected";
      readonly term: bigint;
      readonly validUntilMs: number;
    })
  | (InElection & {
      readonly type: "draining";
      readonly term: bigint;
      readonly reason: EndReason;
      /** The work has until then; not after `atMs` when the mandate ended at once. */
      readonly validUntilMs: number;
    })
  | (InElection & { readonly type: "ended"; readonly term: bigint; readonly reason: EndReason })
  /** The work still ran when its mandate ended (S5). */
  | (InElection & { readonly type: "overrun"; readonly term: bigint })
  /** The work failed after its mandate was lost: nobody else is told. */
  | (InElection & { readonly type: "work-failed"; readonly term: bigint; readonly error: unknown })
  | (InElection & { readonly type: "yielded" })
  | (InElection & {
      readonly type: "health-changed";
      readonly healthy: boolean;
      readonly error: unknown;
    })
  /** A claim of this session that nobody here knew was removed (S6). */
  | (InElection & { readonly type: "stray-removed"; readonly term: bigint })
  | (InElection & {
      readonly type: "call-failed";
      readonly call: string;
      readonly error: unknown;
    })
  | (InElection & { readonly type: "terms-regressed"; readonly term: bigint });

const electionChannel = channel(ELECTION_CHANNEL);

/** Publishes what `event` makes; makes nothing when nobody listens. */
export function publish(event: () => ElectionEvent): void {
  if (electionChannel.hasSubscribers) electionChannel.publish(event());
}
