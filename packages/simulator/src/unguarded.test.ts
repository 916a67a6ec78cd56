import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";
import {
  withoutAudit,
  withoutClock,
  withoutConfirmation,
  withoutDoubtInAnswers,
  withoutHealth,
  withoutLatch,
  withoutNews,
  withoutPerseverance,
  withoutProofOfQuorum,
  withoutRaisedFence,
  withoutTermMemory,
  withoutWaitingForWork,
  withUnconditionalWithdrawal,
  withValidityFromTheAnswer,
} from "./unguarded.test-support.ts";

// Each guard is taken out by a part that is injected. The worlds were found by running seeds from
// 0; the promise that breaks first is the checker's, so a missing S4 or S6 can show as two leaders.
test.for([
  { guardOf: "S1", without: "a mandate's end", variant: withoutClock, seed: 0, breaks: "S1" },
  { guardOf: "S2", without: "memory of terms", variant: withoutTermMemory, seed: 13, breaks: "S2" },
  { guardOf: "S3", without: "the read", variant: withoutConfirmation, seed: 0, breaks: "S3" },
  {
    guardOf: "S4",
    without: "the count from the send",
    variant: withValidityFromTheAnswer,
    seed: 436,
    breaks: "S1",
  },
  {
    guardOf: "S4",
    without: "proof of a quorum",
    variant: withoutProofOfQuorum,
    seed: 22,
    breaks: "S1",
  },
  { guardOf: "S4", without: "the latch", variant: withoutLatch, seed: 0, breaks: "S4" },
  {
    guardOf: "S5",
    without: "the wait for work",
    variant: withoutWaitingForWork,
    seed: 0,
    breaks: "S5",
  },
  { guardOf: "S6", without: "the audit", variant: withoutAudit, seed: 182, breaks: "S6" },
  {
    guardOf: "S6",
    without: "doubt in missing answers",
    variant: withoutDoubtInAnswers(),
    seed: 68,
    breaks: "S1",
  },
  {
    guardOf: "S7",
    without: "the condition on its own claim",
    variant: withUnconditionalWithdrawal,
    seed: 0,
    breaks: "S7",
  },
  { guardOf: "S8", without: "a raised fence", variant: withoutRaisedFence, seed: 35, breaks: "S8" },
  { guardOf: "L1", without: "news", variant: withoutNews, seed: 0, breaks: "L1" },
  { guardOf: "L2", without: "perseverance", variant: withoutPerseverance, seed: 2, breaks: "L2" },
  { guardOf: "L4", without: "health", variant: withoutHealth, seed: 3, breaks: "L4" },
])(
  "$guardOf: without $without, world $seed breaks $breaks, and with it none",
  async ({ seed, breaks, variant }) => {
    const { violations } = await simulate(seed, { variant });
    expect(violations.map(({ invariant }) => invariant)).toContain(breaks);
    expect((await simulate(seed)).violations).toEqual([]);
  },
);
