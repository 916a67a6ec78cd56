export { openSession } from "./session/session.ts";
export { openOperator } from "./control/open-operator.ts";
export { ELECTION_CHANNEL } from "./events.ts";
export { hasCode, MandateError } from "./errors.ts";
export { etcdFence } from "./fence/etcd-fence.ts";
export { fenceRequest, mandateHeaders } from "./fence/http-fence.ts";
export { memoryFence } from "./fence/memory-fence.ts";
export { postgresFence } from "./fence/postgres-fence.ts";
export { sqliteFence } from "./fence/sqlite-fence.ts";

export type { Session, SessionOptions, SessionParts } from "./session/session.ts";
export type { Election, ElectionOptions, WaitOptions, Work } from "./election.ts";
export type { HealthCheck } from "./candidacy/health-monitor.ts";
export type { HeldMandate, Mandate, MandateRecord } from "./mandate.ts";
export type { Operator, OperatorOptions } from "./control/open-operator.ts";
export type { ElectionOperator, RequestOptions, TransferOptions } from "./control/operator.ts";
export type { Contender, ElectionStatus } from "./control/election-status.ts";
export type { TermRecord } from "./control/control-record.ts";
export type { Candidate } from "./candidacy/registration.ts";
export type { EndReason } from "./candidacy/candidacy-state.ts";
export type { ResignReason } from "./candidacy/preference.ts";
export type { OverrunPolicy } from "./session/session-host.ts";
export type { ElectionEvent } from "./events.ts";
export type { MandateErrorCode, MandateErrorOptions } from "./errors.ts";
export type { Clock, Instant, Random, TimerOptions } from "./time/clock.ts";

export type {
  EtcdFence,
  EtcdFenceCompare,
  EtcdFenceGet,
  EtcdFencePut,
  EtcdGuard,
  EtcdRaise,
} from "./fence/etcd-fence.ts";
export type { FencedMandate, FencedTerm } from "./fence/fenced-mandate.ts";
export type { SqlFenceOptions } from "./fence/fence-table.ts";
export type { FencedAnswer, FencedRequest, RequestHeaders } from "./fence/http-fence.ts";
export type { MemoryFence } from "./fence/memory-fence.ts";
export type {
  PostgresClient,
  PostgresLoan,
  PostgresPool,
  PostgresQueryable,
  PostgresResult,
} from "./fence/postgres-client.ts";
export type { PostgresFence } from "./fence/postgres-fence.ts";
export type { SqliteDatabase, SqliteFence, SqliteStatement } from "./fence/sqlite-fence.ts";

// For those who write a store.
export type {
  CallOptions,
  Claim,
  ClaimId,
  ControlEntry,
  ElectionSnapshot,
  OpenSessionRequest,
  StandRequest,
  StandResult,
  Store,
  StoreCapabilities,
  StoreDescription,
  StoreModule,
  StoreSession,
  UpdateRequest,
  WriteControlRequest,
} from "./store.ts";
