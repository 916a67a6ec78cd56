import type { Claim, ControlEntry, ElectionSnapshot } from "@mandate/election";
import { MandateError } from "@mandate/election";

import { ElectionFolder } from "./election-folder.ts";
import { entryName } from "./file-names.ts";
import type { Entry } from "./file-names.ts";
import { parseRecord } from "../folder/files.ts";
import { sameListing } from "./listing.ts";
import type { ListedClaim, Listing } from "./listing.ts";
import type { Sessions } from "../session/sessions.ts";
import { isStillThere } from "../folder/store-folder.ts";
import type { StoreFolder } from "../folder/store-folder.ts";

/** Each further try means that another process changed the election meanwhile. */
const MAX_TRIES = 1_000;

/** An election at one moment, and the listing that it was read from. */
export interface ElectionView {
  readonly snapshot: ElectionSnapshot;
  /** Undefined when nobody ever stood in it. */
  readonly listing: Listing | undefined;
}

/** Reads one election, and keeps what can never change of it. */
export class SnapshotReader {
  readonly files: ElectionFolder;
  readonly #folder: StoreFolder;
  readonly #sessions: Sessions;
  readonly #election: string;
  #texts = new Map<string, string>();

  constructor(folder: StoreFolder, sessions: Sessions, election: string) {
    this.#folder = folder;
    this.#sessions = sessions;
    this.#election = election;
    this.files = new ElectionFolder(folder, election);
  }

  /**
   * The election at one moment between call and answer: its files were the same before and after
   * the sessions were looked at.
   */
  async read(): Promise<ElectionView> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const listing = await this.files.list();
      if (listing === undefined) {
        if (!(await isStillThere(this.#folder))) throw removed(this.#folder);
        return { snapshot: this.#snapshot(), listing };
      }
      const contents = await this.#contents(listing);
      if (contents === undefined) continue;
      const alive = await this.#sessions.alive(new Set(contents.claims.map(sessionOf)));
      const again = await this.files.list();
      if (again === undefined || !sameListing(listing, again)) continue;
      const claims = contents.claims.filter((claim) => alive.has(claim.sessionId));
      return { snapshot: this.#snapshot({ ...contents, claims, listing }), listing };
    }
    throw unsteady(this.#election);
  }

  /** Removes what nobody needs any more, as of that view. */
  async tidy({ listing, snapshot }: ElectionView): Promise<void> {
    const live = new Set(snapshot.claims.map(({ term }) => Number(term)));
    if (listing !== undefined) await this.files.tidy(listing, live);
  }

  /** The claims of one session, whether it lives or not. */
  async claimsOf(sessionId: string): Promise<readonly Claim[]> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const listing = await this.files.list();
      const contents = listing === undefined ? NOTHING : await this.#contents(listing);
      if (contents !== undefined) {
        return contents.claims.filter((claim) => claim.sessionId === sessionId);
      }
    }
    throw unsteady(this.#election);
  }

  #snapshot(known?: Contents & { readonly listing: Listing }): ElectionSnapshot {
    return {
      storeId: this.#folder.id,
      revision: BigInt(known?.listing.greatest ?? 0),
      claims: known?.claims ?? [],
      control: known?.control,
    };
  }

  /** Undefined when something was removed meanwhile: list again. */
  async #contents(listing: Listing): Promise<Contents | undefined> {
    const claims: Claim[] = [];
    const texts = new Map<string, string>();
    const text = async (entry: Entry): Promise<string | undefined> => {
      const name = entryName(entry);
      const known = this.#texts.get(name) ?? (await this.files.read(listing.generation, entry));
      if (known !== undefined) texts.set(name, known);
      return known;
    };
    for (const claim of listing.claims) {
      const found = await this.#claim(claim, text);
      if (found === "removed") return undefined;
      if (found !== "unreadable") claims.push(found);
    }
    const { control: version } = listing;
    const record = version === undefined ? "" : await text({ kind: "control", version });
    if (record === undefined) return undefined;
    this.#texts = texts;
    const control = version === undefined ? undefined : { text: record, version: `${version}` };
    return { claims, control };
  }

  async #claim(
    { number, registration: version }: ListedClaim,
    text: (entry: Entry) => Promise<string | undefined>,
  ): Promise<Claim | "removed" | "unreadable"> {
    const election = this.#election;
    const own = await text({ kind: "claim", number });
    if (own === undefined) return "removed";
    const { sessionId, registration: first } = parseRecord(own) ?? {};
    // Left by a power failure; its session ended with that.
    if (typeof sessionId !== "string" || typeof first !== "string") return "unreadable";
    const newer =
      version === undefined ? first : await text({ kind: "registration", number, version });
    if (newer === undefined) return "removed";
    return { election, id: `${number}`, term: BigInt(number), sessionId, registration: newer };
  }
}

/** The text of a claim's file. */
export function encodeClaim(sessionId: string, registration: string): string {
  return JSON.stringify({ sessionId, registration });
}

const NOTHING: Contents = { claims: [], control: undefined };

function unsteady(election: string): MandateError {
  return new MandateError(`"${election}" changes faster than it can be read: try again`, {
    code: "STORE_UNAVAILABLE",
    applied: "no",
  });
}

function removed(folder: StoreFolder): MandateError {
  return new MandateError(`the store in ${folder.elections} was removed while it was in use`, {
    code: "STORE_UNAVAILABLE",
    applied: "no",
  });
}

interface Contents {
  readonly claims: readonly Claim[];
  readonly control: ControlEntry | undefined;
}

function sessionOf({ sessionId }: Claim): string {
  return sessionId;
}
