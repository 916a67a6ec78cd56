/** One figure beside its reference, both from the same run. */
export interface Row {
  readonly what: string;
  /** What the reference is. */
  readonly against: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly ours: number;
  readonly reference: number;
  /** Ours for one of the reference's. */
  readonly ratio: number;
  readonly target: string;
  readonly met: boolean;
}

/** What is compared: see {@link Row}. */
export interface Figures {
  readonly ours: number;
  readonly reference: number;
  readonly ratio: number;
}

/** What figures are to keep to. */
export interface Target {
  readonly text: string;
  holds(figures: Figures): boolean;
}

/** The target is a least ratio. */
export function ratioAtLeast(limit: number): Target {
  return { text: `ratio >= ${limit}`, holds: ({ ratio }) => ratio >= limit };
}

/** The target is a greatest ratio. */
export function ratioAtMost(limit: number): Target {
  return { text: `ratio <= ${limit}`, holds: ({ ratio }) => ratio <= limit };
}

/** The target is a greatest value of ours, whatever the reference has. */
export function oursAtMost(limit: number): Target {
  return { text: `ours <= ${limit}`, holds: ({ ours }) => ours <= limit };
}

/** The target is by how much ours may be above the reference. */
export function moreAtMost(limit: number): Target {
  return {
    text: `ours - reference <= ${limit}`,
    holds: ({ ours, reference }) => ours - reference <= limit,
  };
}

/** The figures are there to be seen. */
export const noTarget: Target = { text: "none", holds: () => true };

/** Puts a row together. Whether the target is met is decided before the figures are rounded. */
export function makeRow(
  label: Pick<Row, "what" | "against" | "unit" | "better">,
  figures: Figures,
  target: Target,
): Row {
  return {
    ...label,
    ours: rounded(figures.ours),
    reference: rounded(figures.reference),
    ratio: rounded(figures.ratio),
    target: target.text,
    met: target.holds(figures),
  };
}

/** The lines of a table for people. */
export function formatTable(rows: readonly Row[]): readonly string[] {
  const head = ["what", "ours", "reference", "", "unit", "ratio", "target", "met"];
  const cells = rows.map((row) => [
    row.what,
    String(row.ours),
    String(row.reference),
    row.against,
    row.unit,
    String(row.ratio),
    row.target,
    row.met ? "yes" : "NO",
  ]);
  const lines = [head, ...cells];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => cell(line, column).length)),
  );
  return lines.map((line) =>
    widths
      .map((width, column) => pad(cell(line, column), width, numeric.has(column)))
      .join("  ")
      .trimEnd(),
  );
}

/** The columns that hold numbers. */
const numeric = new Set([1, 2, 5]);

/** Four digits tell more than such a measurement knows. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function cell(line: readonly string[], column: number): string {
  return line[column] ?? "";
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}
