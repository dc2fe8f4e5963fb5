/**
 * Parses the filter on a command line.
 *
 * @module
 */
import { isEndpointText } from "../families/mod.ts";
import { netlinkProtocolOf } from "../families/netlink_protocols.ts";
import { all, type Expr } from "../filter/ast.ts";
import { parseFilter } from "../filter/parser.ts";
import type { FilterResolver } from "../filter/resolver.ts";
import { hostResolver } from "./host_resolver.ts";

/**
 * Parses each text and combines them by "and"; `null` if all are empty. Each is parsed on its own, so that an "or" in one does
 * not reach into the next. Throws FilterSyntaxError.
 *
 * @param live False where the filter is for another host or time: then a path is a name, and means no file of this host.
 */
export function parseFilters(texts: readonly string[], live = true): Expr | null {
  const names = live ? resolver() : { ...resolver(), socketFile: () => undefined };
  const filters = texts.map((text) => parseFilter(text, names)).filter((expr) => expr !== null);
  return filters.length === 0 ? null : all(filters);
}

/** Knows the names that ss knows, and those that the listing shows. */
function resolver(): FilterResolver {
  const names = hostResolver();
  return {
    ...names,
    netlinkProtocol: (name) => netlinkProtocolOf(name) ?? names.netlinkProtocol(name),
    isPrinted: isEndpointText,
  };
}
