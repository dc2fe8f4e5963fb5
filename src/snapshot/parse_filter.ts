/**
 * From the words of a command line to a filter.
 *
 * @module
 */
import { netlinkProtocolOf } from "../families/netlink_protocols.ts";
import { all, type Expr } from "../filter/ast.ts";
import { parseFilter } from "../filter/parser.ts";
import type { FilterResolver } from "../filter/resolver.ts";
import { hostResolver } from "./host_resolver.ts";

/**
 * Parses each text, and wants all of them: `null` when none says anything. Each is read on its own, so that an "or" in one
 * stays there. Throws FilterSyntaxError.
 */
export function parseFilters(texts: readonly string[]): Expr | null {
  const names = resolver();
  const filters = texts.map((text) => parseFilter(text, names)).filter((expr) => expr !== null);
  return filters.length === 0 ? null : all(filters);
}

/** The names of ss, and those that the listing shows. */
function resolver(): FilterResolver {
  const names = hostResolver();
  return {
    ...names,
    netlinkProtocol: (name) => netlinkProtocolOf(name) ?? names.netlinkProtocol(name),
  };
}
