import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder that holds everything of one started server or cluster. */
export interface ServerFolder {
  readonly path: string;
  /** What a process that lives in this folder must have in its environment, to be found again. */
  readonly marker: Readonly<Record<string, string>>;
  /** Removes the folder. Its processes must have ended before. */
  remove(): Promise<void>;
}

/**
 * Creates a folder that does not outlive this process: when this process ends, in whatever way,
 * every process that carries the folder's marker is killed, and the folder is removed.
 */
export function createServerFolder(kind: string): ServerFolder {
  const path = mkdtempSync(join(tmpdir(), `mandate-${kind}-`));
  liveFolders.add(path);
  tellKeeper(path);
  return {
    path,
    marker: { [markerName]: path },
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      liveFolders.delete(path);
    },
  };
}

const markerName = "MANDATE_SERVER_FOLDER";
const liveFolders = new Set<string>();
let keeper: ChildProcess | undefined;

// The keeper learns folders from its standard input, whose end it sees when this process is gone,
// even by SIGKILL. It finds processes by their environment, not by number: a number could have
// been given to a stranger since, and could not be known before the process exists. It is a shell
// in a session of its own: no signal to this process or its group reaches it, and it costs no
// second Node.
const keeperScript = `
trap '' HUP INT QUIT TERM
while IFS= read -r folder; do set -- "$@" "$folder"; done
for folder; do
  [ -d "$folder" ] || continue
  tries=0
  while [ $tries -lt 100 ]; do
    found=$(grep -lzxF -e "${markerName}=$folder" /proc/[0-9]*/environ 2>/dev/null)
    [ -n "$found" ] || break
    for file in $found; do file=\${file#/proc/}; kill -KILL "\${file%/environ}" 2>/dev/null; done
    tries=$((tries + 1))
    sleep 0.05
  done
  rm -rf -- "$folder"
done
`;

function tellKeeper(folder: string): void {
  if (keeper?.exitCode === null && keeper.signalCode === null) {
    keeper.stdin?.write(`${folder}\n`);
    return;
  }
  keeper = spawn("/bin/sh", ["-c", keeperScript, "mandate-server-keeper"], {
    cwd: "/",
    detached: true,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  // A keeper that was killed breaks the pipe; the next folder starts a new one, so nothing is to
  // be done.
  keeper.stdin?.on("error", () => undefined);
  keeper.unref();
  if (
    keeper.stdin !== null &&
    "unref" in keeper.stdin &&
    typeof keeper.stdin.unref === "function"
  ) {
    keeper.stdin.unref();
  }
  keeper.stdin?.write([...liveFolders].map((live) => `${live}\n`).join(""));
}
