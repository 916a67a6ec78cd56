/**
 * One line of JSON. Terms, which are bigints, become decimal strings; characters that a terminal
 * would act on, which a name of somebody else's may hold, are escaped.
 */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === "bigint" ? part.toString() : part,
  );
  return `${text.replace(/\p{C}/gu, escaped)}\n`;
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
