// Removes what builds and checks made, and nothing else.
import { globSync, rmSync } from "node:fs";

for (const folder of globSync(["packages/*/{dist,temp}", "coverage", ".temp"])) {
  rmSync(folder, { recursive: true });
}
