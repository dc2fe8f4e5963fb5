/**
 * Flow: text of several colours, wrapped to a width.
 *
 * @module
 */
import { paint, type Role } from "./color.ts";
import { cellWidth } from "./width.ts";

/** Sanitised text of one role. A string alone is plain text. */
export type Span = string | readonly [text: string, role: Role];

/**
 * Lays spans out in lines of at most `width` cells; `null` for no limit. Lines break at blanks, which are dropped there; a
 * word that is wider than a line is cut. A no-break space never breaks, and is written as a blank.
 */
export function flow(spans: readonly Span[], width: number | null, color: boolean): string[] {
  const room = width === null ? Infinity : Math.max(width, 8);
  const lines: string[] = [];
  let line = "";
  let used = 0;
  let blanks = "";
  const put = (text: string, role: Role) => {
    line += paint(text, role, color);
    used += cellWidth(text);
  };
  // A word may run over several spans; it is broken between them only when it must be.
  for (const span of spans) {
    const [text, role] = typeof span === "string" ? [span, "plain" as const] : span;
    for (const part of text.split(/( +)/)) {
      if (part === "") continue;
      if (part[0] === " ") {
        blanks += part;
        continue;
      }
      let word = part.replaceAll("\u00a0", " ");
      const needed = (used === 0 ? 0 : blanks.length) + cellWidth(word);
      if (used > 0 && used + needed > room) {
        lines.push(line);
        line = "";
        used = 0;
      } else if (used > 0) {
        line += blanks;
        used += blanks.length;
      }
      blanks = "";
      while (cellWidth(word) > room) {
        const cut = fit(word, room);
        put(word.slice(0, cut), role);
        lines.push(line);
        line = "";
        used = 0;
        word = word.slice(cut);
      }
      put(word, role);
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

// How many UTF-16 units of a word fit; a pair is not torn.
function fit(word: string, room: number): number {
  let cut = 0;
  let used = 0;
  for (const character of word) {
    used += cellWidth(character);
    if (used > room && cut > 0) break;
    cut += character.length;
  }
  return cut;
}
