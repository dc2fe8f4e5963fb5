/**
 * Width of text in terminal cells.
 *
 * @module
 */

const ASCII = /^[\x20-\x7e]*$/;

/** Cells that sanitised text takes: wide characters two, combining ones none. */
export function cellWidth(text: string): number {
  return ASCII.test(text) ? text.length : Bun.stringWidth(text);
}

/** Pads on the right (`left`-aligned) or on the left to `width` cells. Longer text stays whole. */
export function pad(text: string, width: number, align: "left" | "right"): string {
  const missing = width - cellWidth(text);
  if (missing <= 0) return text;
  return align === "left" ? text + " ".repeat(missing) : " ".repeat(missing) + text;
}
