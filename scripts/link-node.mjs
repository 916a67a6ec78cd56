// npm 10 drops the link `.bin/node` of an installed platform package when it skips the package of
// another platform, which has a program of the same name. Plain JavaScript: any Node.js may run it.
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";

const platformPackage = `node-${process.platform}-${process.arch}`;

for (const folder of ["../node_modules/", "node22/node_modules/"]) {
  const modules = fileURLToPath(new URL(folder, import.meta.url));
  const link = `${modules}.bin/node`;
  if (existsSync(`${modules}${platformPackage}/bin/node`) && !existsSync(link)) {
    mkdirSync(`${modules}.bin`, { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(`../${platformPackage}/bin/node`, link);
  }
}
