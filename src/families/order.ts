/**
 * Order of names in a listing.
 *
 * @module
 */
import type { Bytes } from "../model/owner.ts";

/** Compares two texts by their code units. Not by localeCompare, which loads locale data and whose order depends on the locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compares two names byte by byte; a name that is missing goes last. */
export function compareBytes(a: Bytes | null, b: Bytes | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
