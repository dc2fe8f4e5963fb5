/**
 * What an expression needs to know of a socket, so that a run fetches this and nothing more.
 *
 * @module
 */
import { ALL_STATES, type StateMask } from "../model/state.ts";
import { conditions, type Expr } from "./ast.ts";

/** What has to be fetched before rows can be judged. */
export interface FilterNeeds {
  /** Which processes hold a socket: `pid`, `owners`, and the next two. */
  readonly owners: boolean;
  /** Names of these processes: `process`. */
  readonly processNames: boolean;
  /** Users of these processes, with login names: `user`. */
  readonly users: boolean;
  /** Addresses of the interfaces: `reach`. */
  readonly reach: boolean;
  /** Control group. The kernel tells it unasked where it knows it. */
  readonly cgroup: boolean;
  /** Firewall mark. The kernel tells it unasked, to those with CAP_NET_ADMIN. */
  readonly mark: boolean;
  /** Names of network namespaces: `netns`. */
  readonly netns: boolean;
  /** Names of interfaces: `dev`. */
  readonly interfaces: boolean;
  /** Names of unix sockets: `src = /run/*`. */
  readonly unixNames: boolean;
  /** The range of ports that the kernel gives out: `autobound`. */
  readonly localPortRange: boolean;
}

/** The needs of an expression; none for `null`, which is no filter. */
export function needs(expr: Expr | null): FilterNeeds {
  const kinds = new Set(expr === null ? [] : [...conditions(expr)].map(({ kind }) => kind));
  const processNames = kinds.has("process");
  const users = kinds.has("user");
  return {
    owners: kinds.has("pid") || kinds.has("owners") || processNames || users,
    processNames,
    users,
    reach: kinds.has("reach"),
    cgroup: kinds.has("cgroup"),
    mark: kinds.has("mark"),
    netns: kinds.has("netns"),
    interfaces: kinds.has("device"),
    unixNames: kinds.has("unix_name") || kinds.has("autobound"),
    localPortRange: kinds.has("autobound"),
  };
}

/**
 * States that a matching socket can have: every other state need not be asked for. It may be wider than what matches,
 * never narrower.
 */
export function possibleStates(expr: Expr | null): StateMask {
  return expr === null ? ALL_STATES : statesOf(expr, false);
}

function statesOf(expr: Expr, negated: boolean): StateMask {
  switch (expr.kind) {
    case "not":
      return statesOf(expr.term, !negated);
    case "all":
    case "any": {
      const masks = expr.terms.map((term) => statesOf(term, negated));
      // The negation of "all" is "any" of the negated terms, and the other way round.
      return (expr.kind === "all") !== negated
        ? masks.reduce((both, mask) => both & mask, ALL_STATES)
        : masks.reduce((either, mask) => either | mask, 0);
    }
    case "state":
      return (negated ? ~expr.states : expr.states) & ALL_STATES;
    default:
      return ALL_STATES;
  }
}
