/**
 * Sockeye's own filter language: it says which sockets are wanted. Nothing here knows the kernel:
 * families/inet/bytecode.ts makes programs for it. The filter language of ss parses to the same tree, in tools/ss/filter.
 *
 * ```ts
 * const filter = parseFilter("sport = 80,443 and process = nginx*");
 * const wanted = evaluator(filter, "sockeye");
 * const rows = subjects.filter(wanted);
 * ```
 *
 * @module
 */
export * from "./ast.ts";
export * from "./errors.ts";
export * from "./evaluate.ts";
export * from "./describe.ts";
export { FIELDS } from "./fields.ts";
export * from "./needs.ts";
export { parseFilter } from "./parser.ts";
export * from "./ranges.ts";
export * from "./resolver.ts";
export * from "./socket_subject.ts";
export * from "./split.ts";
export * from "./subject.ts";
