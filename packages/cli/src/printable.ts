/**
 * A text of somebody else's, safe on a terminal: whatever could move the cursor, change colours or
 * hide itself is shown as its code point.
 */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
