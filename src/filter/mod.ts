/**
 * The filter language: which sockets are wanted, in words. Two dialects share one tree: that of ss with its quirks, and
 * Sockeye's own without them. Nothing here knows the kernel; see families/inet/bytecode.ts for what it is told.
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
export * from "./explain.ts";
export { type Field, fieldNamed, FIELDS } from "./fields.ts";
export * from "./needs.ts";
export { parseFilter } from "./parser.ts";
export * from "./ranges.ts";
export * from "./resolver.ts";
export * from "./socket_subject.ts";
export * from "./split.ts";
export { filterFileArguments } from "./ss/lexer.ts";
export { parseSsFilter, type SsFilter, type SsFilterOptions } from "./ss/parser.ts";
export { type StateClauses, takeStateClauses } from "./ss/states.ts";
export * from "./subject.ts";
