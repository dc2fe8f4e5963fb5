/**
 * Pushdown: the part of a query that the kernel tests for us while it walks its tables.
 *
 * @module
 */
import { all, type Expr } from "../../filter/ast.ts";
import { possibleStates } from "../../filter/needs.ts";
import { ranges } from "../../filter/ranges.ts";
import { type StateMask, stateMask, TCP_BOUND_INACTIVE, TCP_LISTEN } from "../../model/state.ts";
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
    states: statesAsked(query.filter ?? null),
  };
}

/** Sockets in these states have no peer, whatever the kernel says of them. */
const WITHOUT_PEER = stateMask(TCP_LISTEN, TCP_BOUND_INACTIVE);

/**
 * States that an internet socket can have of which the filter is true. Beside those that the filter names: what asks for the
 * port of a peer need not look at listeners, nor walk every bound socket for those that are only bound.
 */
export function statesAsked(filter: Expr | null): StateMask {
  const states = possibleStates(filter);
  return filter !== null && needsPeer(filter, false) ? states & ~WITHOUT_PEER : states;
}

/** True when only a socket with a peer can match. */
function needsPeer(expr: Expr, negated: boolean): boolean {
  switch (expr.kind) {
    case "not":
      return needsPeer(expr.term, !negated);
    case "all":
    case "any":
      return (expr.kind === "all") !== negated
        ? expr.terms.some((term) => needsPeer(term, negated))
        : expr.terms.every((term) => needsPeer(term, negated));
    case "host":
      // Without a peer the port is 0.
      return !negated && expr.end === "destination" && expr.ports !== null &&
        expr.ports.every(({ first }) => first > 0);
    default:
      return false;
  }
}
