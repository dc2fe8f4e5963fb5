/**
 * Widths of the columns of ss.
 *
 * Where the width of the screen is not known, each column is as wide as its longest cell. Where it is, the columns are divided
 * among lines of exactly that width, so that the terminal breaks a row by itself and no newline is printed.
 *
 * @module
 */
import { LEFT, RIGHT } from "../../../core/cells.ts";

/** Columns of ss, in its order. Local and peer address each have two, so that their colons stand under each other. */
export const COLUMN = {
  netid: 0,
  state: 1,
  receiveQueue: 2,
  sendQueue: 3,
  /** Local address, with its delimiter at the end: `127.0.0.1:`, `* `. */
  address: 4,
  /** Local port, or what stands for it. */
  port: 5,
  /** As {@linkcode COLUMN.address}. */
  peerAddress: 6,
  peerPort: 7,
  /** `users:(…)`: filled by SsContext.process. */
  process: 8,
  /** Everything else; each item begins with a blank. */
  extras: 9,
} as const;

/** One of {@linkcode COLUMN}. */
export type Column = typeof COLUMN[keyof typeof COLUMN];

/** How a column is set. */
interface ColumnStyle {
  readonly header: string;
  readonly align: "left" | "right";
  /** Put before every cell of the column but the first of a row; counts as part of its width. */
  readonly delimiter: "" | " ";
}

/** The ten columns, in the order of {@linkcode COLUMN}. */
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
  longest: ArrayLike<number>,
  shown: readonly boolean[],
  screen: number | null,
): number[] {
  const widths: number[] = [];
  const visible: number[] = [];
  for (let i = 0; i < COLUMN_STYLES.length; i++) {
    let width = shown[i] ? longest[i]! : 0;
    if (width > 0) {
      // The first column that has anything in it begins the row, and needs no delimiter.
      if (visible.length > 0) width += COLUMN_STYLES[i]!.delimiter.length;
      if (screen !== null) width = Math.min(width, screen);
      visible.push(i);
    }
    widths.push(width);
  }
  if (screen !== null) spread(widths, visible, screen);
  return widths;
}

/** Divides the columns among lines, and widens those of each line until it is full. */
function spread(widths: number[], visible: readonly number[], screen: number): void {
  let first = 0;
  let length = 0;
  for (let at = 0; at < visible.length; at++) {
    length += widths[visible[at]!]!;
    if (length < screen && at < visible.length - 1) continue;
    if (length > screen) {
      // One too many: it begins the next line. Widths do not exceed the screen, so one always stays.
      length -= widths[visible[at]!]!;
      at--;
    }
    fill(widths, visible, first, at + 1, screen - length);
    first = at + 1;
    length = 0;
  }
}

/** Shares out what is left of a line evenly; what does not divide goes to the columns at its right end. */
function fill(
  widths: number[],
  visible: readonly number[],
  from: number,
  to: number,
  spare: number,
): void {
  const share = Math.floor(spare / (to - from));
  const extra = spare % (to - from);
  for (let at = from; at < to; at++) {
    widths[visible[at]!]! += share + (to - at <= extra ? 1 : 0);
  }
}

/** A column without blanks. */
const BARE = 2;

/** How the visible columns are set, by their order. */
interface Layout {
  /** Without the delimiter. */
  readonly widths: Int32Array;
  /** Length of the delimiter. */
  readonly delimiters: Uint8Array;
  readonly aligns: Uint8Array;
}

/**
 * The layout of the columns that are shown.
 *
 * @param all The width of each column, with its delimiter.
 * @param bare The column that gets no blanks.
 */
// Loops by hand: in a table of few rows, the first call of a built-in such as map takes longer than everything else.
export function layoutOf(all: readonly number[], shown: readonly boolean[], bare: number): Layout {
  let count = 0;
  for (let i = 0; i < all.length; i++) if (shown[i]) count++;
  const widths = new Int32Array(count);
  const delimiters = new Uint8Array(count);
  const aligns = new Uint8Array(count);
  let at = 0;
  for (let i = 0; i < all.length; i++) {
    if (!shown[i]) continue;
    const { align, delimiter } = COLUMN_STYLES[i]!;
    // The first column of a row has no delimiter.
    const length = at === 0 ? 0 : delimiter.length;
    widths[at] = all[i]! - length;
    delimiters[at] = length;
    aligns[at] = i === bare ? BARE : align === "right" ? RIGHT : LEFT;
    at++;
  }
  return { widths, delimiters, aligns };
}
