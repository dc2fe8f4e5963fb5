/**
 * `--explain-filter`: how a filter was understood, which part of it the kernel tests, and which part this program tests.
 *
 * @module
 */
import { disassemble } from "../families/inet/bytecode_reader.ts";
import { compileQuery, statesAsked, wantedOf } from "../families/inet/pushdown.ts";
import { describeFilter } from "../filter/describe.ts";
import { isAboutRow, split } from "../filter/split.ts";
import type { Expr } from "../filter/ast.ts";
import { ALL_STATES, STATES } from "../model/state.ts";
import type { Query } from "../query.ts";
import { sanitize } from "../text/sanitize.ts";
import type { Writer } from "../text/writer.ts";

/** Writes the explanation. Throws what the writer throws. */
export function explainFilter(query: Query, out: Writer): void {
  const wanted = wantedOf(query);
  const states = statesAsked(wanted);
  section(out, "Filter", tree(wanted));
  section(out, "TCP states requested", [
    states === ALL_STATES
      ? "all that the listing shows"
      : STATES.filter((_, i) => (states >>> i & 1) !== 0).join(", ") || "none: nothing can match",
  ]);
  const compiled = compileQuery(query);
  section(
    out,
    compiled?.program
      ? `Bytecode for the kernel, ${compiled.program.length} bytes (TCP, UDP and raw)`
      : "Bytecode for the kernel",
    compiled?.program ? disassemble(compiled.program) : ["none: the kernel sends every socket"],
  );
  const { first, rest } = compiled?.residual
    ? split(compiled.residual, isAboutRow)
    : { first: null, rest: null };
  section(out, "Tested by Sockeye as it reads sockets", tree(first));
  section(out, "Tested by Sockeye once owners and reach are known", tree(rest));
  out.write(
    "\nEvery row is tested against the whole filter again; /proc and other families have no bytecode.\n",
  );
  out.flush();
}

function tree(expr: Expr | null): readonly string[] {
  return expr === null ? ["nothing"] : describeFilter(expr).split("\n");
}

function section(out: Writer, heading: string, lines: readonly string[]): void {
  out.write(`${heading}:\n`);
  for (const line of lines) out.write(`  ${sanitize(line)}\n`);
}
