/**
 * Pushdown: the part of a query that the kernel tests while it walks its tables.
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
  /** The states that a matching socket can have. */
  readonly states: StateMask;
}

/** What the query asks of an internet socket: its ports and its filter, as one expression. `null` for every socket. */
export function wantedOf({ ports, filter }: Query): Expr | null {
  const terms: Expr[] = [];
  if (ports !== null) {
    terms.push({ kind: "host", end: "source", addresses: [], ports: ranges(ports) });
  }
  if (filter) terms.push(filter);
  return terms.length === 0 ? null : all(terms);
}

/**
 * Compiles a query for the kernel. The program may look at marks, for which the kernel wants CAP_NET_ADMIN: if it refuses,
 * the request is sent again without a program.
 */
export function compileQuery(query: Query): Compiled | null {
  const wanted = wantedOf(query);
  return wanted === null ? null : compile(wanted, "sockeye", { mark: true });
}

/** The part of a query that goes into the requests. */
export function pushdown(query: Query): Pushdown {
  return {
    program: compileQuery(query)?.program ?? null,
    states: statesAsked(query.filter ?? null),
  };
}

/** Sockets in these states have no peer. */
const WITHOUT_PEER = stateMask(TCP_LISTEN, TCP_BOUND_INACTIVE);

/**
 * The states that an internet socket can have if the filter matches it. If the filter asks for the port of a peer, listeners
 * and sockets that are only bound are not among them.
 */
export function statesAsked(filter: Expr | null): StateMask {
  const states = possibleStates(filter);
  return filter !== null && needsPeer(filter, false) ? states & ~WITHOUT_PEER : states;
}

/** True if only a socket with a peer can match. */
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
