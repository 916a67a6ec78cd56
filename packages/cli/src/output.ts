import type { Paint } from "./colour.ts";
import { painter } from "./colour.ts";
import { jsonLine } from "./json.ts";

/** Where a command writes. */
export interface Output {
  /** For standard output. */
  readonly paint: Paint;
  /** Whether standard output is a terminal that a live view can be drawn on. */
  readonly isTerminal: boolean;
  /** Lines for standard output. */
  print(lines: readonly string[]): void;
  /** One JSON object for standard output. */
  printJson(value: unknown): void;
  /** Text for standard output as it is. */
  write(text: string): void;
  /** Lines for standard error. */
  note(lines: readonly string[]): void;
  /** Resolves when all is written, or nobody reads it any more. */
  flush(): Promise<void>;
}

/** How to make an {@link Output}. */
export interface OutputOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Called when the reader of either has gone away (`EPIPE`, `EIO`). */
  readonly onReaderGone: () => void;
}

/** Writes to the process's streams, or those of a test. */
export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, environment } = options;
  const isTerminal = stdout.isTTY === true && environment["TERM"] !== "dumb";
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // EIO is what a terminal that was closed answers with.
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
      options.onReaderGone();
    });
  }
  const write = (text: string): void => {
    if (stdout.writable) stdout.write(text);
  };
  return {
    paint: painter({ isTerminal, environment }),
    isTerminal,
    write,
    print: (lines) => write(textOf(lines)),
    printJson: (value) => write(jsonLine(value)),
    note(lines) {
      if (stderr.writable) stderr.write(textOf(lines));
    },
    async flush() {
      await Promise.all([stdout, stderr].map(flushed));
    },
  };
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.writable || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}
