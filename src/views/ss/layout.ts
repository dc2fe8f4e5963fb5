/**
 * Widths of the columns of ss.
 *
 * Without a known width of the screen each column is as wide as its longest cell. With one, the columns are dealt out to
 * lines of exactly that width, so that the terminal breaks a row by itself where no newline is printed.
 *
 * @module
 */

/** How a column is set. */
export interface ColumnStyle {
  readonly header: string;
  readonly align: "left" | "right";
  /** Put before every cell of the column but the first of a row; counts as part of its width. */
  readonly delimiter: "" | " ";
}

/** The ten columns, in the order of COLUMN in families/ss_row.ts. */
export const COLUMN_STYLES: readonly ColumnStyle[] = [
  { header: "Netid", align: "left", delimiter: "" },
  { header: "State", align: "left", delimiter: " " },
  { header: "Recv-Q", align: "left", delimiter: " " },
  { header: "Send-Q", align: "left", delimiter: " " },
  { header: "Local Address:", align: "right", delimiter: " " },
  { header: "Port", align: "left", delimiter: "" },
  { header: "Peer Address:", align: "right", delimiter: " " },
  { header: "Port", align: "left", delimiter: "" },
  { header: "Process", align: "left", delimiter: "" },
  { header: "", align: "left", delimiter: "" },
];

/**
 * Width of each column, its delimiter included; 0 for one that is hidden or has no cell but empty ones.
 *
 * `longest` is the length of the longest cell of each column, `screen` the width of the screen, `null` where it is not
 * known.
 */
export function columnWidths(
  longest: readonly number[],
  shown: readonly boolean[],
  screen: number | null,
): number[] {
  const widths = natural(longest, shown);
  if (screen === null) return widths;
  for (const [i, width] of widths.entries()) widths[i] = Math.min(width, screen);
  spread(widths, screen);
  return widths;
}

function natural(longest: readonly number[], shown: readonly boolean[]): number[] {
  let first = true;
  return COLUMN_STYLES.map(({ delimiter }, i) => {
    const length = shown[i] ? longest[i]! : 0;
    const width = length === 0 || first ? length : length + delimiter.length;
    if (width > 0) first = false;
    return width;
  });
}

/** Deals the columns out to lines, and widens those of each line until it is full. */
function spread(widths: number[], screen: number): void {
  const visible = widths.flatMap((width, i) => width > 0 ? [i] : []);
  let line: number[] = [];
  let length = 0;
  for (let at = 0; at < visible.length; at++) {
    const column = visible[at]!;
    line.push(column);
    length += widths[column]!;
    if (length < screen && at < visible.length - 1) continue;
    if (length > screen) {
      // One too many: it begins the next line. Widths do not exceed the screen, so one always stays.
      line.pop();
      length -= widths[column]!;
      at--;
    }
    fill(widths, line, screen - length);
    line = [];
    length = 0;
  }
}

/** Shares out what is left of a line evenly; what does not divide goes to the columns at its right end. */
function fill(widths: number[], line: readonly number[], spare: number): void {
  const share = Math.floor(spare / line.length);
  const extra = spare % line.length;
  for (const [i, column] of line.entries()) {
    widths[column]! += share + (line.length - i <= extra ? 1 : 0);
  }
}
