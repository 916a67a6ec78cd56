import { mkdir, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";

import { MandateError } from "@mandate/election";

import { readIfThere, writeNew } from "../folder/files.ts";
import { isSurelyGone } from "../machine/machine.ts";
import type { Machine, ProcessIdentity } from "../machine/machine.ts";
import {
  decodeSession,
  encodeSession,
  judgeLease,
  leaseName,
  parseLease,
  sameKernel,
} from "./session-record.ts";
import type { OpenSession, SessionRecord } from "./session-record.ts";
import { temporaryPath } from "../folder/store-folder.ts";
import type { StoreFolder } from "../folder/store-folder.ts";
import { hasSystemCode, ignore } from "../store-error.ts";

/** How often a session's folder may seem to be empty before something is wrong with it. */
const MAX_TRIES = 1_000;

/**
 * The sessions on the disk. Each is a folder with one file in it, whose name is the end of its
 * lease. To renew is to rename that file, to end is to remove the one of that very name: of the
 * two, only one can happen to a name. A session is dead once its folder is gone, and stays so.
 */
export class Sessions {
  readonly #folder: StoreFolder;
  readonly #machine: Machine;
  /** Sessions as last seen: a record never changes, and a lease never becomes shorter. */
  readonly #seen = new Map<string, OpenSession>();

  constructor(folder: StoreFolder, machine: Machine) {
    this.#folder = folder;
    this.#machine = machine;
  }

  /** The path of a session's socket, whose closing hints that its process has ended. */
  socketPath(id: string): string {
    return join(this.#folder.sockets, id);
  }

  /** Makes a session, complete in one step. */
  async create(id: string, record: SessionRecord, untilUs: number): Promise<void> {
    const draft = await temporaryPath(this.#folder);
    await mkdir(draft, { mode: 0o700 });
    await writeNew(join(draft, leaseName(untilUs)), encodeSession(record), { durable: false });
    await rename(draft, this.#path(id));
  }

  /** Extends a lease. False when the session is dead: nothing revives it. */
  async renew(
    id: string,
    lease: { readonly fromUs: number; readonly toUs: number },
  ): Promise<boolean> {
    try {
      await rename(this.#leasePath(id, lease.fromUs), this.#leasePath(id, lease.toUs));
      return true;
    } catch (error) {
      ignore(error, "ENOENT");
      return false;
    }
  }

  /** The ids of all sessions that are not dead. */
  async ids(): Promise<readonly string[]> {
    return readdir(this.#folder.sessions);
  }

  /** A session as it is on the disk now; undefined when it is dead. */
  async inspect(id: string): Promise<OpenSession | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const names = await readdir(this.#path(id)).catch((error: unknown) =>
        ignore(error, "ENOENT"),
      );
      if (names === undefined) return undefined;
      const untilUs = names.map(parseLease).find((until) => until !== undefined);
      if (untilUs === undefined) {
        // Its lease was removed; or a reader was shown neither side of a renewal, as some file
        // systems do. The kernel knows which: it removes the folder only if nothing is in it.
        if (await this.#removeFolder(id)) return undefined;
        continue;
      }
      const record = this.#seen.get(id)?.record ?? (await this.#readRecord(id, untilUs));
      if (record === "renewed") continue;
      const session = { record, untilUs };
      this.#seen.set(id, session);
      return session;
    }
    throw new MandateError(`${this.#path(id)} holds files of others: remove them`, {
      code: "STORE_UNAVAILABLE",
    });
  }

  /**
   * Looks at one session with all that the kernel tells and ends it if it is over. Resolves to it
   * while it lives, to undefined when it is dead.
   * @throws `STORE_UNSUITABLE` when its process counts time on another clock
   */
  async settle(id: string): Promise<OpenSession | undefined> {
    const { self, isGone, nowUs } = this.#machine;
    for (;;) {
      const session = await this.inspect(id);
      if (session === undefined) return undefined;
      const verdict = judgeLease(session, self, nowUs());
      if (verdict === "unknown") throw otherClock();
      const over =
        verdict === "ended" || (isLocal(session, self) && (await isGone(session.record.process)));
      if (!over) return session;
      if (await this.end(id, session.untilUs)) return undefined;
    }
  }

  /**
   * Which of these sessions live, as of one moment; what is over is ended on the way. The first of
   * them that lives is looked at closely, the others for what the clock and their pids tell.
   */
  async alive(ids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    for (;;) {
      const there = new Set(await this.ids());
      this.#forget(there);
      const alive = new Set<string>();
      let ended = false;
      for (const id of ids) {
        if (!there.has(id)) continue;
        const lives = alive.size > 0 && this.#seemsAlive(id);
        if (lives || (await this.settle(id)) !== undefined) alive.add(id);
        else ended = true;
      }
      // What lives now lived when they were listed. What ended since did, too, and so the list
      // would tell of no single moment: look again.
      if (!ended) return alive;
    }
  }

  /**
   * Ends a session whose lease is still that one. False when it is not: it was renewed meanwhile,
   * or ended by another.
   */
  async end(id: string, untilUs: number): Promise<boolean> {
    try {
      await unlink(this.#leasePath(id, untilUs));
    } catch (error) {
      ignore(error, "ENOENT");
      return false;
    }
    return this.#removeFolder(id);
  }

  /** Ends all sessions that are over, and removes what is left of dead ones. */
  async sweep(): Promise<void> {
    const { self } = this.#machine;
    for (const id of await this.ids()) {
      const session = await this.inspect(id);
      if (session?.record === undefined || sameKernel(session.record.process, self)) {
        await this.settle(id);
      }
    }
    // A socket is made after its session: without one, it is nobody's.
    const sockets = await readdir(this.#folder.sockets);
    const there = new Set(await this.ids());
    for (const id of sockets.filter((name) => !there.has(name))) {
      await rm(this.socketPath(id), { force: true });
    }
  }

  /** Without asking the disk: its lease, as last seen, runs, and so does a process of its pid. */
  #seemsAlive(id: string): boolean {
    const session = this.#seen.get(id);
    const { self, nowUs } = this.#machine;
    if (session === undefined || judgeLease(session, self, nowUs()) !== "live") return false;
    return !isLocal(session, self) || !isSurelyGone(session.record.process);
  }

  async #readRecord(id: string, untilUs: number): Promise<SessionRecord | undefined | "renewed"> {
    const text = await readIfThere(this.#leasePath(id, untilUs));
    return text === undefined ? "renewed" : decodeSession(text);
  }

  /** True when the folder is gone, false when there is something in it. */
  async #removeFolder(id: string): Promise<boolean> {
    try {
      await rmdir(this.#path(id));
    } catch (error) {
      if (hasSystemCode(error, "ENOTEMPTY", "EEXIST")) return false;
      ignore(error, "ENOENT");
    }
    await rm(this.socketPath(id), { force: true });
    return true;
  }

  #forget(there: ReadonlySet<string>): void {
    for (const id of this.#seen.keys()) if (!there.has(id)) this.#seen.delete(id);
  }

  #path(id: string): string {
    return join(this.#folder.sessions, id);
  }

  #leasePath(id: string, untilUs: number): string {
    return join(this.#path(id), leaseName(untilUs));
  }
}

/** Whether this process can ask the kernel about the session's. */
function isLocal(
  session: OpenSession,
  self: ProcessIdentity,
): session is OpenSession & { readonly record: SessionRecord } {
  return session.record !== undefined && sameKernel(session.record.process, self);
}

function otherClock(): MandateError {
  return new MandateError(
    "a process in another time namespace (another container, or a restored one) uses this " +
      "folder, and its clock cannot be compared: give each container a folder of its own",
    { code: "STORE_UNSUITABLE" },
  );
}
