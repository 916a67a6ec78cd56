import { MandateError } from "./errors.ts";

/** Longest name in bytes of UTF-8: fits every store's keys with room for its own parts. */
const MAX_NAME_BYTES = 256;

/**
 * Refuses names that people cannot tell apart or that stores, headers and terminals would alter:
 * empty, over 256 bytes, not in Unicode's composed form (NFC), with spaces around, or with control,
 * format, private or unassigned characters or lone surrogates. All else goes as it is, `/` too.
 * @throws `INVALID_NAME`
 */
export function checkName(
  what: "election" | "candidate" | "region",
  name: unknown,
): asserts name is string {
  const fault = faultOf(name);
  if (fault === undefined) return;
  throw new MandateError(`the ${what}'s name ${show(name)} ${fault}`, {
    code: "INVALID_NAME",
    applied: "no",
  });
}

function faultOf(name: unknown): string | undefined {
  if (typeof name !== "string") return "is not a text: give a string";
  if (name === "") return "is empty: give it at least one character";
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME_BYTES) return `takes ${bytes} bytes: use ${MAX_NAME_BYTES} at most`;
  if (!name.isWellFormed() || /\p{C}/u.test(name)) {
    return "has a control, invisible or unassigned character: leave it out";
  }
  if (name.normalize("NFC") !== name) return 'is not in NFC: pass it through normalize("NFC")';
  if (name.trim() !== name) return "begins or ends with a space: trim it";
  return undefined;
}

function show(name: unknown): string {
  const text = JSON.stringify(name) ?? String(name);
  const visible = text.replace(/[^\x20-\x7e]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return visible.length > 80 ? `${visible.slice(0, 80)}…` : visible;
}
