/** What the kernel says of a process in `/proc/PID/stat`. */
export interface ProcessStat {
  /** One letter: `R` runs, `T` is stopped, `Z` has ended and waits for its parent, … */
  readonly state: string;
  readonly threads: number;
  /** In clock ticks since the machine started; with the pid it names a process for ever. */
  readonly startTime: string;
}

/** Reads a line of `/proc/PID/stat`; undefined when it is none. */
export function parseProcessStat(line: string): ProcessStat | undefined {
  // The second field is the program's own name, which may hold spaces and parentheses.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state, threads, startTime] = [fields[0], fields[17], fields[19]];
  if (!/^[A-Za-z]$/.test(state ?? "") || !/^\d+$/.test(startTime ?? "")) return undefined;
  if (state === undefined || startTime === undefined) return undefined;
  return { state, threads: Number(threads), startTime };
}

/**
 * True when nothing of that process can run any more. A first thread that has ended is not enough:
 * while others are left, one of them may be in the middle of a write to a disk.
 */
export function hasEnded({ state, threads }: ProcessStat): boolean {
  return /^[XxZ]$/.test(state) && threads <= 1;
}
