/**
 * Sockeye's own filter language: which sockets are wanted, in words. Nothing here knows the kernel; see
 * families/inet/bytecode.ts for what the kernel is told. The language of ss makes the same tree: see tools/ss/filter.
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
export { type Field, fieldNamed, FIELDS } from "./fields.ts";
export * from "./needs.ts";
export { parseFilter } from "./parser.ts";
export * from "./ranges.ts";
export * from "./resolver.ts";
export * from "./socket_subject.ts";
export * from "./split.ts";
export * from "./subject.ts";
