/**
 * What has to be known of a socket to judge it by an expression, so that nothing else is fetched.
 *
 * @module
 */
import { type Measure, MEASURES } from "../model/measure.ts";
import { ALL_STATES, type StateMask } from "../model/state.ts";
import { type Condition, conditions, type Expr } from "./ast.ts";

/** What has to be fetched before sockets can be judged. */
export interface FilterNeeds {
  /** The processes that hold a socket: see {@linkcode BY_OWNERS}. */
  readonly owners: boolean;
  /** What the kernel tells on request only: see `Query.info`. */
  readonly info: boolean;
  /** Addresses of the interfaces: `reach`. */
  readonly reach: boolean;
  /** Control group. The kernel always tells it, where it knows it. */
  readonly cgroup: boolean;
  /** Firewall mark. The kernel always tells it with CAP_NET_ADMIN, and never without. */
  readonly mark: boolean;
  /** Names of interfaces: `dev`. */
  readonly interfaces: boolean;
  /** The range of ports that the kernel gives out: `autobound`. */
  readonly localPortRange: boolean;
}

/** Conditions on the processes that hold a socket. */
export const BY_OWNERS: readonly Condition["kind"][] = [
  "pid",
  "owners",
  "process",
  "user",
  "unit",
  "container",
  "image",
  "cmdline",
];

/** The needs of an expression; none for `null`, which is no filter. */
export function needs(expr: Expr | null): FilterNeeds {
  const all = expr === null ? [] : [...conditions(expr)];
  const kinds = new Set(all.map(({ kind }) => kind));
  const measures: Measure[] = all.flatMap((condition) =>
    condition.kind === "measure" ? [MEASURES[condition.measure]] : []
  );
  return {
    owners: BY_OWNERS.some((kind) => kinds.has(kind)) ||
      measures.some((measure) => measure.owners === true),
    info: measures.some(({ info }) => info),
    reach: kinds.has("reach"),
    cgroup: kinds.has("cgroup"),
    mark: kinds.has("mark"),
    interfaces: kinds.has("device"),
    localPortRange: kinds.has("autobound"),
  };
}

/**
 * The states that a matching socket can have: no others need be asked for. There may be states among them that nothing
 * matches.
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
      // "not all of these" is "any of these is false", and the other way round.
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

/** What is asked of a socket that is there, and no event about one has. */
const UNKNOWN: ReadonlySet<string> = new Set([
  "state",
  "device",
  "mark",
  "cgroup",
  "owners",
  "inode",
  "reach",
  "autobound",
  "measure",
]);

/** The first condition of a filter that no event can answer, as the filter language calls it; `null` for none. */
export function unanswerable(filter: Expr): string | null {
  for (const { kind } of conditions(filter)) {
    if (UNKNOWN.has(kind)) return kind === "device" ? "dev" : kind === "mark" ? "fwmark" : kind;
  }
  return null;
}
