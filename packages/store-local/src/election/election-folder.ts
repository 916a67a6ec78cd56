import { link, mkdir, readdir, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";

import { MandateError } from "@mandate/election";

import { electionFolderName, entryName, generationName, parseGeneration } from "./file-names.ts";
import type { Entry, Generation } from "./file-names.ts";
import { readIfThere, syncDirectory, writeNew } from "../folder/files.ts";
import { removable, surplus, toListing } from "./listing.ts";
import type { Listing } from "./listing.ts";
import { temporaryPath } from "../folder/store-folder.ts";
import type { StoreFolder } from "../folder/store-folder.ts";
import { ignore } from "../store-error.ts";

/** Each further try means that another process got ahead; this many in a row mean a defect. */
const MAX_TRIES = 1_000;
/** How many entries that nobody needs may lie in an election's folder before they are removed. */
const MAX_SURPLUS = 64;

/**
 * The files of one election. Each change is one call of the kernel that creates or renames
 * something: it is done or it is not, and a process that is stopped is never in the middle of it.
 */
export class ElectionFolder {
  readonly #folder: StoreFolder;
  readonly #path: string;
  #generation: Generation | undefined;
  #established = false;

  constructor(folder: StoreFolder, election: string) {
    this.#folder = folder;
    this.#path = join(folder.elections, electionFolderName(election));
  }

  /** The election as it is; undefined when nobody ever stood in it. */
  async list(): Promise<Listing | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const generation = this.#generation ?? (await this.#findGeneration());
      if (generation === undefined) return undefined;
      const names = await ifThere(readdir(this.path(generation)));
      this.#generation = names === undefined ? undefined : generation;
      if (names !== undefined) return toListing(generation, names);
    }
    throw tooManyTries(this.#path);
  }

  /** The text of an entry; undefined when it was removed since it was listed. */
  read(generation: Generation, entry: Entry): Promise<string | undefined> {
    return readIfThere(join(this.path(generation), entryName(entry)));
  }

  /** The folder of a generation. */
  path(generation: Generation): string {
    return join(this.#path, generationName(generation));
  }

  /**
   * Adds a claim at the end of the queue and resolves once its number is on the disk. `onAdded`
   * hears of it before that: from there on others see the claim.
   */
  async addClaim(text: string, onAdded: (number: number) => void): Promise<void> {
    await this.#establish();
    // The text need not outlive a power failure, since its session does not; the number must.
    await this.#withDraft(text, { durable: false }, async (draft) => {
      const number = await this.#inGeneration(async ({ generation, greatest }) => {
        for (let next = greatest + 1; ; next++) {
          const path = join(this.path(generation), entryName({ kind: "claim", number: next }));
          if (await linked(draft, path)) return next;
        }
      });
      onAdded(number);
    });
    await this.#sync();
  }

  /** Marks a claim as withdrawn. Done, too, when it is already. */
  async markGone(number: number): Promise<void> {
    await this.#inGeneration(async ({ generation }) => {
      const path = join(this.path(generation), entryName({ kind: "gone", number }));
      await writeNew(path, "", { durable: false }).catch((error: unknown) =>
        ignore(error, "EEXIST"),
      );
    });
  }

  /** Adds a version of a claim's registration. Only the process that made the claim may do so. */
  async addRegistration(number: number, version: number, text: string): Promise<void> {
    await this.#withDraft(text, { durable: false }, async (draft) => {
      await this.#inGeneration(async ({ generation }) => {
        const path = (v: number): string =>
          join(this.path(generation), entryName({ kind: "registration", number, version: v }));
        await rename(draft, path(version));
        await ifThere(unlink(path(version - 1)));
      });
    });
  }

  /** Writes the control record if its version is the expected one; false when it is not. */
  async writeControl(text: string, expected: number | undefined): Promise<boolean> {
    await this.#establish();
    const won = await this.#withDraft(text, { durable: true }, (draft) =>
      this.#inGeneration(async ({ generation, control }) => {
        if (control !== expected) return false;
        const version = (control ?? 0) + 1;
        return linked(draft, join(this.path(generation), entryName({ kind: "control", version })));
      }),
    );
    if (won) await this.#sync();
    return won;
  }

  /** Removes what nobody needs once there is much of it. `live`: numbers of claims that count. */
  async tidy(listing: Listing, live: ReadonlySet<number>): Promise<void> {
    if (surplus(listing, live) <= MAX_SURPLUS) return;
    const { generation, greatest: claims, control = 0 } = listing;
    const next = { epoch: generation.epoch + 1, claims, control };
    try {
      await rename(this.path(generation), this.path(next));
    } catch (error) {
      // Another process was first, and removes the same.
      return ignore(error, "ENOENT");
    }
    this.#generation = next;
    await syncDirectory(this.#path);
    for (const name of removable(listing, live)) {
      await ifThere(unlink(join(this.path(next), name)));
    }
  }

  async #findGeneration(): Promise<Generation | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const names = await ifThere(readdir(this.#path));
      if (names === undefined) return undefined;
      const found = names.map(parseGeneration).find((generation) => generation !== undefined);
      // Never empty but to a reader that some file systems show neither side of a rename.
      if (found !== undefined) return found;
    }
    throw tooManyTries(this.#path);
  }

  /** Does `work` in the election as it is then; again when its folder was renamed under it. */
  async #inGeneration<T>(work: (listing: Listing) => Promise<T>): Promise<T> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const listing = await this.list();
      if (listing === undefined) throw removed(this.#path);
      try {
        return await work(listing);
      } catch (error) {
        ignore(error, "ENOENT");
      }
    }
    throw tooManyTries(this.#path);
  }

  /** Writes a file that has no name in the election yet, and cleans up after `work` with it. */
  async #withDraft<T>(
    text: string,
    options: { readonly durable: boolean },
    work: (draft: string) => Promise<T>,
  ): Promise<T> {
    const draft = await temporaryPath(this.#folder);
    try {
      await writeNew(draft, text, options);
      return await work(draft);
    } finally {
      await ifThere(unlink(draft));
    }
  }

  /** Makes the election's folder, complete in one step, and puts it on the disk. */
  async #establish(): Promise<void> {
    if (this.#established) return;
    if ((await this.#findGeneration()) === undefined) {
      const draft = await temporaryPath(this.#folder);
      const first = generationName({ epoch: 0, claims: 0, control: 0 });
      await mkdir(join(draft, first), { recursive: true, mode: 0o700 });
      await syncDirectory(draft);
      await rename(draft, this.#path).catch(async (error: unknown) => {
        await rm(draft, { recursive: true });
        // Another process was first.
        ignore(error, "ENOTEMPTY", "EEXIST");
      });
    }
    // Whoever made it may have been stopped before it did this.
    await syncDirectory(this.#path);
    await syncDirectory(this.#folder.elections);
    this.#established = true;
  }

  /** Puts the entries that are there by now on the disk. */
  async #sync(): Promise<void> {
    await this.#inGeneration(({ generation }) => syncDirectory(this.path(generation)));
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    ignore(error, "EEXIST");
    return false;
  }
}

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => ignore(error, "ENOENT"));
}

function removed(path: string): MandateError {
  return new MandateError(`${path} was removed while it was in use: stand again`, {
    code: "STORE_UNAVAILABLE",
  });
}

function tooManyTries(path: string): MandateError {
  return new MandateError(
    `${path} changed ${MAX_TRIES} times while this process tried to change it once: try again`,
    { code: "STORE_UNAVAILABLE" },
  );
}
