import { styleText } from "node:util";

/** The few looks that the program uses. */
export type Look = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** Gives a text a look, or leaves it as it is where colours are not wanted. */
export type Paint = (look: Look, text: string) => string;

/** What decides whether to use colours. */
export interface ColourSetting {
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Colours on a terminal; `FORCE_COLOR` and, after it, `NO_COLOR` decide otherwise. */
export function wantsColour({ isTerminal, environment }: ColourSetting): boolean {
  const { FORCE_COLOR: force, NO_COLOR: none, TERM: term } = environment;
  if (force !== undefined) return force !== "0" && force !== "false";
  if (none !== undefined && none !== "") return false;
  return isTerminal && term !== "dumb";
}

/** The painter for a setting. */
export function painter(setting: ColourSetting): Paint {
  if (!wantsColour(setting)) return (_, text) => text;
  return (look, text) => styleText(look, text, { validateStream: false });
}
