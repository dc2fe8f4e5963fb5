/**
 * From options to a Query: contradictions are found here, and nothing is looked up.
 *
 * @module
 */
import type { FamilyName, Transport } from "../model/socket.ts";
import { ALL_STATES } from "../model/state.ts";
import type { Query } from "../query.ts";
import type { ListOptions } from "./list_options.ts";
import { UsageError } from "./usage_error.ts";

/** Makes the query. Throws {@linkcode UsageError} when the options contradict each other. */
export function buildQuery(options: ListOptions): Query {
  if (options.all && options.listening) {
    throw new UsageError("--all and --listening contradict each other: give one of them");
  }
  if (options.listening && options.states !== 0) {
    throw new UsageError("--listening and --state contradict each other: give one of them");
  }
  return {
    families: families(options),
    transports: transports(options),
    // A state named narrows --all, as it does in ss.
    states: options.states !== 0 ? options.states : options.all ? ALL_STATES : null,
    ports: options.ports.length > 0 ? options.ports : null,
    pids: options.pids.length > 0 ? options.pids : null,
    processes: options.processes.length > 0 ? options.processes : null,
    ...(options.netns === undefined ? {} : { netns: options.netns }),
    owners: options.owners,
    users: options.users.length > 0 ? options.users : null,
  };
}

const INTERNET: readonly FamilyName[] = ["inet", "inet6"];

// A transport named brings IPv4 and IPv6 with it, unless one of the two is named as well; nothing named does too.
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
