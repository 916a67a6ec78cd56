import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The temporary folder of one demo. */
export interface DemoFolder {
  readonly path: string;
  /** What each process of the demo has in its environment, so that it is found whatever happens. */
  readonly marker: Readonly<Record<string, string>>;
  /** Removes it. The demo's processes have to have ended. */
  remove(): Promise<void>;
}

const markerName = "MANDATE_DEMO_FOLDER";

// Waits for the end of its input, which comes with the end of the demo's process in whatever way
// that ends; then kills what is still there, stopped processes and servers among it, and removes
// the folder. It looks for the marker in the environment: a process id alone could have been given
// to a stranger since.
const keeperScript = `
trap '' HUP INT QUIT TERM
cat >/dev/null
for try in 1 2 3 4 5 6 7 8 9 10; do
  [ -d "$1" ] || exit 0
  for file in $(grep -lzxF -e "${markerName}=$1" /proc/[0-9]*/environ 2>/dev/null); do
    file=\${file#/proc/}
    kill -KILL "\${file%/environ}" 2>/dev/null
  done
  sleep 0.1
  rm -rf -- "$1" 2>/dev/null
done
`;

/** Makes the folder, and what clears up after this process when it cannot do so itself. */
export function createDemoFolder(): DemoFolder {
  const path = mkdtempSync(join(tmpdir(), "mandate-demo-"));
  const keeper = spawn("/bin/sh", ["-c", keeperScript, "mandate-demo-keeper", path], {
    cwd: "/",
    // In a session of its own, where no Ctrl-C reaches it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  keeper.unref();
  keeper.stdin.on("error", () => {
    // Somebody has killed it. Its pipe is good for nothing else than to break.
  });
  return {
    path,
    marker: { [markerName]: path },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}
