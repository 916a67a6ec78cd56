import { debianSuite, unpackDebianPackages } from "./debian-packages.ts";
import { MissingServerError } from "./missing-server-error.ts";
import { fillCache } from "./program-cache.ts";

/** Which programs to take from Debian's packages. */
export interface DebianProgram {
  /** What the user calls it, and its command of `npm run servers`. */
  readonly name: string;
  /** Name of its folder in the cache, before the suite. */
  readonly folder: string;
  /** @defaultValue that of this machine */
  readonly suite?: string;
  readonly packages: readonly string[];
  /** See `unpackDebianPackages`. */
  readonly follow?: RegExp;
  /** What to do where there is no Debian. */
  readonly otherwise: string;
  /** Throws unless the programs below this folder run. */
  readonly verify: (root: string) => Promise<unknown>;
}

/** The folder of unpacked packages in our cache; fills it first if need be. */
export async function fetchFromDebian(program: DebianProgram): Promise<string> {
  const { name, packages, follow, verify } = program;
  const machineSuite = await debianSuite();
  if (machineSuite === undefined) {
    throw new MissingServerError(
      `${name} is missing, and this is not a Debian with apt-get to take it from: ` +
        program.otherwise,
    );
  }
  const suite = program.suite ?? machineSuite;
  try {
    return await fillCache(`${program.folder}-${suite}`, async (folder) => {
      const also = follow === undefined ? {} : { follow };
      await unpackDebianPackages({ suite, packages, folder, ...also });
      await verify(folder);
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MissingServerError(
      `${name} is missing, and Debian's packages did not help; ` +
        `to try again: npm run servers -- ${name}\n${reason}`,
      { cause },
    );
  }
}
