/**
 * From options to a Query: contradictions are found here, and nothing is looked up.
 *
 * @module
 */
import type { Transport } from "../model/socket.ts";
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
    transports: transports(options),
    // Neither or both given: both.
    ipv4: options.ipv4 || !options.ipv6,
    ipv6: options.ipv6 || !options.ipv4,
    // A state named narrows --all, as it does in ss.
    states: options.states !== 0 ? options.states : options.all ? ALL_STATES : null,
    ports: options.ports.length > 0 ? options.ports : null,
    pids: options.pids.length > 0 ? options.pids : null,
    processes: options.processes.length > 0 ? options.processes : null,
    ...(options.netns === undefined ? {} : { netns: options.netns }),
    users: options.users.length > 0 ? options.users : null,
  };
}

function transports({ tcp, udp, raw }: ListOptions): Set<Transport> {
  const every = !tcp && !udp && !raw;
  const chosen = new Set<Transport>();
  if (tcp || every) chosen.add("tcp");
  if (udp || every) chosen.add("udp").add("udplite");
  if (raw || every) chosen.add("raw").add("icmp");
  return chosen;
}
