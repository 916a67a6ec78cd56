import { type ControlRecord, decodeControl } from "./control-record.ts";

/**
 * Control records as decisions look at them. A record with its hundred terms is costly to read, is
 * looked at several times with each answer, and seldom differs from the one before: each election's
 * last text is read once.
 */
export class ControlMemory {
  readonly #known = new Map<string, { readonly text: string; readonly record: ControlRecord }>();

  /**
   * What the text says, of its terms the last one alone: no decision looks at more.
   * @throws `FORMAT_UNSUPPORTED`
   */
  read(election: string, text: string | undefined): ControlRecord {
    if (text === undefined) return decodeControl(text);
    const known = this.#known.get(election);
    if (known?.text === text) return known.record;
    const { terms, ...rest } = decodeControl(text);
    const record = { ...rest, terms: terms.slice(-1) };
    this.#known.set(election, { text, record });
    return record;
  }
}
