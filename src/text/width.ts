/**
 * Width of text in terminal cells.
 *
 * @module
 */

const ASCII = /^[\x20-\x7e]*$/;

/** Terminal cells that sanitised text takes: wide characters take two, combining ones none. */
export function cellWidth(text: string): number {
  return ASCII.test(text) ? text.length : Bun.stringWidth(text);
}

/** Pads on the right (`left`-aligned) or on the left to `width` cells. Longer text stays whole. */
export function pad(text: string, width: number, align: "left" | "right"): string {
  // padEnd counts UTF-16 units, so the goal is corrected by what the text is wider or narrower than its units.
  const goal = width + text.length - cellWidth(text);
  return align === "left" ? text.padEnd(goal) : text.padStart(goal);
}
