import type { BenchCluster } from "./bench-cluster.ts";
import type { Row } from "./row.ts";

/** What a question is answered with. */
export interface QuestionContext {
  readonly rounds: number;
  /** Three members of etcd, started by the first question that asks for them. */
  readonly cluster: () => Promise<BenchCluster>;
  /** Tells what is under way. */
  readonly progress: (line: string) => void;
}

/** One question, with its own cases and its own rows. */
export interface Question {
  /** For `--only`. */
  readonly name: string;
  readonly about: string;
  answer(context: QuestionContext): Promise<readonly Row[]>;
}
