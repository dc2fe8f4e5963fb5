/**
 * Targets as they are typed.
 *
 * @module
 */
import { parseTargets, type Target, TargetError } from "../commands/explain/target.ts";
import { isEndpointText } from "../families/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Reads a word that is a target by its form: one, or several as in `80,443`. Throws {@linkcode UsageError}. */
export function readTargets(word: string): readonly Target[] {
  try {
    return parseTargets(word, { isPrinted: isEndpointText });
  } catch (error) {
    if (error instanceof TargetError) throw new UsageError(error.message);
    throw error;
  }
}
