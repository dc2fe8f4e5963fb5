/**
 * Makes the Query from the options of the listing, and refuses options that contradict each other.
 *
 * @module
 */
import type { Expr } from "../filter/ast.ts";
import { needs } from "../filter/needs.ts";
import type { FamilyName, Transport } from "../model/socket.ts";
import { ALL_STATES } from "../model/state.ts";
import type { Query } from "../query.ts";
import type { ListOptions } from "./list_options.ts";
import { UsageError } from "./usage_error.ts";

/** Makes the query. `filter` is its parsed filter. Throws {@linkcode UsageError} if options contradict each other. */
export function buildQuery(options: ListOptions, filter: Expr | null = null): Query {
  if (options.record !== null && options.replay !== null) {
    throw new UsageError("--record and --replay contradict each other: give one of them");
  }
  if (options.listening && !options.all && options.states !== 0) {
    throw new UsageError("--listening and --state contradict each other: give one of them");
  }
  return {
    families: families(options),
    transports: transports(options),
    states: states(options, filter),
    ports: options.ports.length > 0 ? options.ports : null,
    pids: options.pids.length > 0 ? options.pids : null,
    processes: options.processes.length > 0 ? options.processes : null,
    ...(options.netns === undefined ? {} : { netns: options.netns }),
    owners: options.owners,
    users: options.users.length > 0 ? options.users : null,
    ...(filter === null ? {} : { filter }),
    ...(options.info || needs(filter).info ? { info: true } : {}),
  };
}

// --all wins over --listening, as in ss and netstat: people type -plant. --state narrows --all, as in ss. A filter with a condition on the state looks at sockets in all states.
function states(options: ListOptions, filter: Expr | null): Query["states"] {
  if (options.states !== 0) return options.states;
  if (options.all) return ALL_STATES;
  if (options.groupBy.some((name) => OF_CONNECTIONS.has(name))) return ALL_STATES;
  return !options.listening && filter !== null && asksForState(filter) ? ALL_STATES : null;
}

/** Columns by which services alone cannot be told apart. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set(["state", "peer", "host", "peer_port"]);

// What only connections have is looked for among them. A field for both ends is no condition on the peer.
function asksForState(expr: Expr): boolean {
  switch (expr.kind) {
    case "all":
      return expr.terms.some(asksForState);
    case "any":
      return !isEitherEnd(expr.terms) && expr.terms.some(asksForState);
    case "not":
      return asksForState(expr.term);
    case "state":
      return true;
    case "measure":
      return expr.measure === "rtt" || expr.measure === "retrans" || expr.measure === "idle";
    case "host":
    case "port_order":
    case "unix_name":
    case "endpoint":
      return expr.end === "destination";
    default:
      return false;
  }
}

function isEitherEnd(terms: readonly Expr[]): boolean {
  const ends = terms.map((term) =>
    term.kind === "host" && term.addresses.length === 0 ? term.end : null
  );
  return ends.includes("source") && ends.includes("destination");
}

const INTERNET: readonly FamilyName[] = ["inet", "inet6"];

// IPv4 and IPv6 are added if a transport is named but neither of them, and if nothing is named.
function families({ families, transports }: ListOptions): Set<FamilyName> {
  const chosen = new Set(families);
  const internet = INTERNET.some((name) => chosen.has(name));
  if (!internet && (transports.length > 0 || chosen.size === 0)) {
    for (const name of INTERNET) chosen.add(name);
  }
  return chosen;
}

function transports({ transports }: ListOptions): Set<Transport> {
  return new Set(
    transports.length > 0 ? transports : ["tcp", "udp", "udplite", "raw", "icmp"],
  );
}
