import type { Paint } from "../../colour.ts";
import type { ViewLine, ViewSize } from "./live-view.ts";

/** How to make a {@link LiveScreen}. */
export interface LiveScreenOptions {
  readonly terminal: NodeJS.WriteStream;
  readonly paint: Paint;
  readonly draw: (size: ViewSize) => readonly ViewLine[];
}

/** A view that is drawn again and again on the terminal's second screen. */
export interface LiveScreen {
  /** Gives the terminal back as it was. May be called again. */
  close(): void;
}

const redrawEveryMs = 200;
const escape = "\x1b[";

/** Shows the view, until it is closed or the process ends. */
export function openLiveScreen({ terminal, paint, draw }: LiveScreenOptions): LiveScreen {
  const redraw = (): void => {
    const size = { columns: terminal.columns || 80, rows: terminal.rows || 24 };
    const lines = draw(size).map(({ text, look }) => {
      return `${look === undefined ? text : paint(look, text)}${escape}K`;
    });
    // No line break after the last line: it would scroll a full screen.
    terminal.write(`${escape}H${lines.join("\r\n")}${escape}J`);
  };
  const restore = (): void => {
    terminal.write(`${escape}?25h${escape}?1049l`);
  };
  terminal.write(`${escape}?1049h${escape}?25l`);
  redraw();
  const timer = setInterval(redraw, redrawEveryMs);
  process.on("exit", restore);
  let closed = false;
  return {
    close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      process.off("exit", restore);
      restore();
    },
  };
}
