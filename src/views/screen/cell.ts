/**
 * Cell: what stands in one column of a row, as words that may be put on several lines.
 *
 * @module
 */
import { paint, type Role } from "../../text/color.ts";
import { cellWidth } from "../../text/width.ts";

/** Sanitised text of one role. */
interface Span {
  readonly text: string;
  readonly role: Role;
}

/** A word is kept on one line. */
export type Word = readonly Span[];

/** The words, in order. */
export type Cell = readonly Word[];

/** A cell of one word. */
export function cell(text: string, role: Role = "plain"): Cell {
  return [[{ text, role }]];
}

/** Width of a word in terminal cells. */
function wordWidth(word: Word): number {
  return word.reduce((sum, { text }) => sum + cellWidth(text), 0);
}

/** Width of a cell on one line. */
export function lineWidth(words: Cell): number {
  return words.reduce((sum, word) => sum + wordWidth(word) + 1, -1);
}

/** The width that a cell has at least: that of its widest word. */
export function leastWidth(words: Cell): number {
  return words.reduce((most, word) => Math.max(most, wordWidth(word)), 0);
}

/** The cell as lines of at most this width. A word that is wider is cut, with an ellipsis in place of the rest. */
export function linesOf(words: Cell, width: number): Cell[] {
  const lines: Word[][] = [];
  let used = 0;
  for (const given of words) {
    const word = wordWidth(given) > width ? cut(given, width) : given;
    const wide = wordWidth(word);
    if (lines.length > 0 && used + 1 + wide <= width) {
      lines.at(-1)!.push(word);
      used += 1 + wide;
    } else {
      lines.push([word]);
      used = wide;
    }
  }
  return lines;
}

/** A line of a cell as text, and its width. */
export function paintLine(words: Cell, color: boolean): string {
  return words.map((word) => word.map(({ text, role }) => paint(text, role, color)).join(""))
    .join(" ");
}

function cut(word: Word, width: number): Word {
  const spans: Span[] = [];
  let room = width - 1;
  for (const { text, role } of word) {
    let kept = "";
    for (const character of text) {
      const wide = cellWidth(character);
      if (wide > room) return [...spans, { text: `${kept}…`, role }];
      kept += character;
      room -= wide;
    }
    spans.push({ text: kept, role });
  }
  return spans;
}
