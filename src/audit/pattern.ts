/**
 * Patterns of paths and names in a policy.
 *
 * @module
 */
import { fitsPieces, literal, type Piece, type StepCount } from "../text/wildcard.ts";

const compiled = new Map<string, readonly Piece[]>();

/** True if a text fits a pattern. `*` stands for anything within one part of a path, `**` for anything at all. */
function fits(pattern: string, text: string, count?: StepCount): boolean {
  if (!pattern.includes("*")) return pattern === text;
  let pieces = compiled.get(pattern);
  if (pieces === undefined) {
    pieces = pattern.split(/(\*+)/).flatMap((part): Piece[] =>
      part.startsWith("*")
        ? [{ kind: "star", within: part.length === 1 }]
        : Array.from(part, literal)
    );
    compiled.set(pattern, pieces);
  }
  return fitsPieces(pieces, [...text], undefined, count);
}

/** True if a text fits one of several patterns. */
export function fitsAny(patterns: readonly string[], text: string, count?: StepCount): boolean {
  return patterns.some((pattern) => fits(pattern, text, count));
}
