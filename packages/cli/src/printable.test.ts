import { expect, test } from "vitest";
import { jsonLine } from "./json.ts";
import { printable } from "./printable.ts";

const hostile = "a\u001B[2Jb\u009Bc\u202Ed\u2028e";

test("nothing in a foreign text can act on the terminal", () => {
  expect(printable(hostile)).toBe("a\\u{1b}[2Jb\\u{9b}c\\u{202e}d\\u{2028}e");
});

test("letters of all languages stay as they are", () => {
  expect(printable("Zürich-東京-🚢")).toBe("Zürich-東京-🚢");
});

test("nothing in JSON can act on the terminal either, and it reads as before", () => {
  const line = jsonLine({ id: `${hostile}\u{E0001}` });
  expect(line.trimEnd()).not.toMatch(/\p{C}/u);
  expect(JSON.parse(line)).toEqual({ id: `${hostile}\u{E0001}` });
});

test("terms in JSON are decimal strings", () => {
  expect(jsonLine({ term: 2n ** 62n })).toBe('{"term":"4611686018427387904"}\n');
});
