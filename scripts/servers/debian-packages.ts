import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  type AptSource,
  parseDeb822Sources,
  parseOneLineSources,
  selectDebianArchive,
} from "./apt-sources.ts";
import { isMissing } from "./is-missing.ts";
import { reportProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

/** Which packages to unpack, and where. */
export interface UnpackOptions {
  /** Suite of Debian's archive, such as `bookworm`. */
  readonly suite: string;
  readonly packages: readonly string[];
  /**
   * Also unpack those that they depend on, with such a name, and that this machine does not have.
   */
  readonly follow?: RegExp;
  /** The packages' files go below this folder, as they would below `/`. */
  readonly folder: string;
}

/** The code name of this machine's Debian; undefined on anything else, or without `apt-get`. */
export async function debianSuite(): Promise<string | undefined> {
  if (!existsSync("/usr/bin/apt-get")) return undefined;
  const release = await readIfThere("/etc/os-release");
  if (!/^ID="?debian"?$/m.test(release)) return undefined;
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1];
}

/**
 * Downloads packages of Debian's archive, as this machine's apt is set up to reach and to verify
 * it, and unpacks them into a folder. Nothing is installed, nothing of the system's own lists and
 * caches is touched, and no rights are needed.
 */
export async function unpackDebianPackages(options: UnpackOptions): Promise<void> {
  const archive = selectDebianArchive(await readAptSources(), options.suite);
  if (archive === undefined) {
    throw new Error("apt on this machine has no source for the main archive of Debian");
  }
  // Below the folder, since whatever ends us midway, the cache clears that away.
  const work = await mkdtemp(join(options.folder, ".apt-"));
  try {
    const apt = await prepareApt(work, archive);
    reportProgress(`reading the package lists of Debian ${options.suite}`);
    await apt(["update", "-o", "APT::Update::Error-Mode=any"]);
    const seen = new Set<string>();
    let wanted = options.packages;
    while (wanted.length > 0) {
      reportProgress(`downloading ${wanted.join(", ")}`);
      await apt(["download", ...wanted]);
      for (const name of wanted) seen.add(name);
      const next = new Set<string>();
      for (const file of (await readdir(work)).filter((name) => name.endsWith(".deb"))) {
        const path = join(work, file);
        await dpkg("dpkg", ["-x", path, options.folder]);
        if (options.follow !== undefined) {
          for (const name of await missingDependencies(path, options.follow)) {
            if (!seen.has(name)) next.add(name);
          }
        }
        await rm(path);
      }
      wanted = [...next];
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function readAptSources(): Promise<readonly AptSource[]> {
  const parts = "/etc/apt/sources.list.d";
  const names = existsSync(parts) ? (await readdir(parts)).toSorted() : [];
  const sources = [...parseOneLineSources(await readIfThere("/etc/apt/sources.list"))];
  for (const name of names) {
    // apt reads no other endings either.
    const text = /\.(list|sources)$/.test(name) ? await readIfThere(join(parts, name)) : "";
    sources.push(...(name.endsWith(".list") ? parseOneLineSources : parseDeb822Sources)(text));
  }
  return sources;
}

async function prepareApt(
  work: string,
  archive: string,
): Promise<(args: readonly string[]) => Promise<unknown>> {
  const sourceList = join(work, "debian.sources");
  await writeFile(sourceList, archive);
  await mkdir(join(work, "lists", "partial"), { recursive: true });
  await mkdir(join(work, "cache", "archives", "partial"), { recursive: true });
  const settings = {
    "Dir::State::lists": join(work, "lists"),
    "Dir::Cache": join(work, "cache"),
    "Dir::Etc::sourcelist": sourceList,
    "Dir::Etc::sourceparts": "-",
    // Preferences pin packages for installing; here the suite was chosen already.
    "Dir::Etc::preferences": "-",
    "Dir::Etc::preferencesparts": "-",
    // As root, apt would download as user _apt, who may not write to our folder.
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Acquire::http::Timeout": "30",
    "Acquire::Retries": "2",
  };
  const fixed = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (args) =>
    runCommand({
      program: "apt-get",
      args: ["-q", ...fixed, ...args],
      cwd: work,
      timeoutMs: 5 * 60_000,
    });
}

// Of alternatives (`a | b`) the first is Debian's own choice.
async function missingDependencies(debFile: string, follow: RegExp): Promise<readonly string[]> {
  const depends = await dpkg("dpkg", ["-f", debFile, "Depends"]);
  const names = depends
    .split(",")
    .map((entry) => /^[a-z0-9.+-]+/.exec(entry.trim())?.[0] ?? "")
    .filter((name) => follow.test(name));
  const installed = await Promise.all(names.map(isInstalled));
  return names.filter((_, index) => installed[index] === false);
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    const status = await dpkg("dpkg-query", ["-W", "-f", "${db:Status-Status}\n", name]);
    return status.split("\n").includes("installed");
  } catch {
    return false; // dpkg-query fails for a name that it has never heard of
  }
}

async function dpkg(program: string, args: readonly string[]): Promise<string> {
  return await runCommand({ program, args, timeoutMs: 60_000 });
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}
