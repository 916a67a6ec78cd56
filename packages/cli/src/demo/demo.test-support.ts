import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for the temporary files of demos, where what they leave behind shows. */
export interface DemoRemains {
  /** To be `TMPDIR` of the demo. */
  readonly folder: string;
  /** The folders and processes that there still are. */
  remains(): readonly string[];
  /** The ids of the processes that there still are. */
  processes(): readonly string[];
  remove(): void;
}

/** Makes the folder. */
export function watchRemains(): DemoRemains {
  const folder = mkdtempSync(join(tmpdir(), "mandate-demo-test-"));
  const processes = (): readonly string[] => {
    const mark = `MANDATE_DEMO_FOLDER=${folder}/`;
    return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && hasMark(entry, mark));
  };
  return {
    folder,
    processes,
    remains: () => [...readdirSync(folder), ...processes()],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function hasMark(processId: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${processId}/environ`, "utf8").includes(mark);
  } catch {
    return false; // it ended meanwhile, or is none of ours
  }
}
