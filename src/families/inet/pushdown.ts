/**
 * Pushdown: the part of a query that the kernel tests for us while it walks its tables.
 *
 * @module
 */
import { all, type Expr } from "../../filter/ast.ts";
import { possibleStates } from "../../filter/needs.ts";
import { ranges } from "../../filter/ranges.ts";
import type { StateMask } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import { compile, type Compiled } from "./bytecode.ts";

/** What goes into each request of the family. */
export interface Pushdown {
  /** Payload of INET_DIAG_REQ_BYTECODE; `null` to ask for every row. */
  readonly program: Uint8Array<ArrayBuffer> | null;
  /** States that a matching socket can have. */
  readonly states: StateMask;
}

/** Everything that the query asks of an internet socket by itself: its ports and its filter. `null` is every socket. */
export function wantedOf({ ports, filter }: Query): Expr | null {
  const terms: Expr[] = [];
  if (ports !== null) {
    terms.push({ kind: "host", end: "source", addresses: [], ports: ranges(ports) });
  }
  if (filter) terms.push(filter);
  return terms.length === 0 ? null : all(terms);
}

/**
 * Compiles a query for the kernel. Programs that look at marks are made as well, though the kernel takes them from
 * CAP_NET_ADMIN only: the request without a program serves where it refuses.
 */
export function compileQuery(query: Query): Compiled | null {
  const wanted = wantedOf(query);
  return wanted === null ? null : compile(wanted, "sockeye", { mark: true });
}

/** What of a query goes into the requests. */
export function pushdown(query: Query): Pushdown {
  return {
    program: compileQuery(query)?.program ?? null,
    states: possibleStates(query.filter ?? null),
  };
}
