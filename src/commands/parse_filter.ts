/**
 * From the words of a command line to a filter.
 *
 * @module
 */
import { all, type Expr } from "../filter/ast.ts";
import { parseFilter } from "../filter/parser.ts";
import { FilterNames } from "./filter_names.ts";

/**
 * Parses each text, and wants all of them: `null` when none says anything. Each is read on its own, so that an "or" in one
 * stays there. Throws FilterSyntaxError.
 */
export function parseFilters(texts: readonly string[]): Expr | null {
  const names = new FilterNames();
  const filters = texts.map((text) => parseFilter(text, names)).filter((expr) => expr !== null);
  return filters.length === 0 ? null : all(filters);
}
