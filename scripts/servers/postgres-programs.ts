import { existsSync, realpathSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import { fetchFromDebian } from "./debian-program.ts";
import { findOnPath, isProgram } from "./find-on-path.ts";
import { MissingServerError } from "./missing-server-error.ts";
import { runCommand } from "./run-command.ts";

/** The programs of Postgres, and what they need in their environment. */
export interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
  readonly env: Readonly<Record<string, string>>;
  /** As the server states it, such as `15.18`. */
  readonly version: string;
}

/**
 * Finds the programs of Postgres: by `MANDATE_POSTGRES` (the program `postgres` or its folder), on
 * `PATH`, where Debian installs them (not on `PATH`), in our cache, in Debian's packages, which
 * are unpacked into the cache. Throws {@link MissingServerError}.
 */
export async function findPostgres(): Promise<PostgresPrograms> {
  const folder = folderFromEnvironment() ?? folderFromPath() ?? folderFromDebian();
  if (folder !== undefined) return await programsIn(folder, {});
  const root = await fetchFromDebian({
    name: "postgres",
    folder: "postgres",
    packages: ["postgresql"],
    // The C library is on every machine that runs Node. LLVM is larger than all the rest together,
    // and only speeds up long queries.
    follow: /^(postgresql-\d+$|lib(?!c6$|llvm))/,
    otherwise: "install it, or set MANDATE_POSTGRES to the program or its folder",
    verify: unpackedPrograms,
  });
  return await unpackedPrograms(root);
}

function folderFromEnvironment(): string | undefined {
  const path = process.env["MANDATE_POSTGRES"];
  if (path === undefined || path === "") return undefined;
  if (!existsSync(path)) {
    throw new MissingServerError(`there is no ${path}: correct MANDATE_POSTGRES`);
  }
  return statSync(path).isDirectory() ? path : dirname(path);
}

// `PATH` often has a link to a program whose companions are only beside the real one.
function folderFromPath(): string | undefined {
  const program = findOnPath("postgres");
  const folder = program === undefined ? undefined : dirname(realpathSync(program));
  return folder !== undefined && isProgram(join(folder, "initdb")) ? folder : undefined;
}

function folderFromDebian(root = "/"): string | undefined {
  const base = join(root, "usr", "lib", "postgresql");
  const versions = existsSync(base) ? readdirSync(base).map(Number).filter(Number.isInteger) : [];
  return versions
    .toSorted((a, b) => b - a)
    .map((version) => join(base, String(version), "bin"))
    .find((folder) => isProgram(join(folder, "postgres")) && isProgram(join(folder, "initdb")));
}

async function unpackedPrograms(root: string): Promise<PostgresPrograms> {
  const folder = folderFromDebian(root);
  if (folder === undefined) throw new Error(`Debian's packages have no Postgres: see ${root}`);
  // Debian 12 still has libraries in both places.
  const paths = ["lib", "usr/lib"]
    .map((name) => join(root, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path).map((name) => join(path, name)))
    .filter((path) => path.endsWith("-linux-gnu"));
  return await programsIn(folder, { LD_LIBRARY_PATH: paths.join(":") });
}

async function programsIn(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<PostgresPrograms> {
  const postgres = join(folder, "postgres");
  const initdb = join(folder, "initdb");
  const args = ["--version"];
  const timeoutMs = 30_000;
  const [said] = await Promise.all([
    runCommand({ program: postgres, args, env, timeoutMs }),
    runCommand({ program: initdb, args, env, timeoutMs }),
  ]);
  const version = /(\d+(\.\d+)*)/.exec(said)?.[1];
  if (version === undefined) throw new Error(`${postgres} --version says: ${said}`);
  return { postgres, initdb, env, version };
}
