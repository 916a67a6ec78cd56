import { readFile, readlink, statfs } from "node:fs/promises";

import { MandateError } from "@mandate/election";

import { hasEnded, parseProcessStat } from "./process-stat.ts";
import { hasSystemCode, ignore, systemCode } from "../store-error.ts";

/** Names one process of one machine for ever, and what of the kernel it shares with others. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the machine started. */
  readonly startTime: string;
  readonly bootId: string;
  /** Pids mean the same in one of these only. */
  readonly pidNamespace: string;
  /** The monotonic clock means the same in one of these only. */
  readonly timeNamespace: string;
}

/** What the store asks of the machine that it runs on. */
export interface Machine {
  readonly self: ProcessIdentity;
  /** The monotonic clock that all processes of this machine share, in whole µs. */
  readonly nowUs: () => number;
  /** Whether a process of this boot and PID namespace has surely ended. */
  readonly isGone: (process: ProcessIdentity) => Promise<boolean>;
  /** The kernel's number for the type of the file system that holds `path`. */
  readonly fileSystemType: (path: string) => Promise<number>;
}

/**
 * The machine and process that this program runs on and in.
 * @throws `STORE_UNSUITABLE`
 */
export async function thisMachine(): Promise<Machine> {
  if (process.platform !== "linux") {
    throw unsuitable(`the local store needs Linux, and this is ${process.platform}`);
  }
  const self = await readSelf().catch((error: unknown) => {
    throw unsuitable("the local store cannot read this process's entry in /proc", error);
  });
  return {
    self,
    nowUs: () => Number(process.hrtime.bigint() / 1000n),
    isGone,
    fileSystemType: async (path) => (await statfs(path)).type,
  };
}

/** A quick look that misses only processes that have ended but that their parent left there. */
export function isSurelyGone({ pid }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM says that there is one; so does, for caution, whatever else a sandbox answers.
    return systemCode(error) === "ESRCH";
  }
}

async function isGone(identity: ProcessIdentity): Promise<boolean> {
  if (isSurelyGone(identity)) return true;
  const line = await readFile(`/proc/${identity.pid}/stat`, "utf8").catch((error: unknown) => {
    // It ended meanwhile, or /proc is mounted to hide it: the pid itself is asked once more.
    if (hasSystemCode(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return undefined;
    throw error;
  });
  if (line === undefined) return isSurelyGone(identity);
  const stat = parseProcessStat(line);
  if (stat === undefined) return false;
  return stat.startTime !== identity.startTime || hasEnded(stat);
}

async function readSelf(): Promise<ProcessIdentity> {
  const [bootId, pidNamespace, timeNamespace, self, line] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    readlink("/proc/self/ns/pid"),
    readlink("/proc/self/ns/time").catch(withoutTimeNamespaces),
    readlink("/proc/self"),
    readFile("/proc/self/stat", "utf8"),
  ]);
  if (self !== `${process.pid}`) {
    throw new Error("/proc shows another PID namespace: mount the one that belongs to this one");
  }
  const startTime = parseProcessStat(line)?.startTime;
  if (startTime === undefined) throw new Error("/proc/self/stat has an unknown form");
  return { pid: process.pid, startTime, bootId: bootId.trim(), pidNamespace, timeNamespace };
}

/** Kernels before 5.6 have a single one, and no name for it. */
function withoutTimeNamespaces(error: unknown): string {
  ignore(error, "ENOENT");
  return "time:[all]";
}

function unsuitable(message: string, cause?: unknown): MandateError {
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  return new MandateError(`${message}${why}: use another store`, {
    code: "STORE_UNSUITABLE",
    applied: "no",
    cause,
  });
}
