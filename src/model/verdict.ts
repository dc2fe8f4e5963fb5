/**
 * Verdict: the answer to a question that can be answered by "there is none", which takes a complete look.
 *
 * A counterexample may be in a part that could not be read. So a question says where one could be, and {@linkcode decide} compares that
 * with what could not be read. The sentences that tell an absence stand here, and are only given out for a verdict.
 *
 * @module
 */
import { type FlatGap, flatGap, type Gap } from "./gap.ts";

/**
 * `no`: there is none, and every place where one could be was looked at. `undecided`: none was found, but these gaps may hide
 * one.
 */
export type Verdict =
  | { readonly answer: "yes" }
  | { readonly answer: "no" }
  | { readonly answer: "undecided"; readonly because: readonly string[] };

/** Where a counterexample could be. What is not named cannot hide one. */
export interface Places {
  /** Tables of sockets: all, or those with these labels, such as `tcp over IPv4` and `unix`. */
  readonly tables?: true | ((label: string) => boolean);
  /** Network namespaces that could not be looked into: all, or some. */
  readonly namespaces?: true | ((gap: FlatGap) => boolean);
  /** Processes, as owners of sockets: all, or some. */
  readonly processes?: true | ((gap: FlatGap) => boolean);
  /** Firewall marks. */
  readonly marks?: true;
  /** Interfaces, which decide how far a wildcard address can be reached. */
  readonly interfaces?: true;
  /** Sockets that are in no table. */
  readonly unlisted?: true;
  /** What bind(2) would say. */
  readonly bind?: true;
  /** Names and images of containers, which files of their runtimes tell. */
  readonly containers?: true;
}

/** In the details of a gap of namespaces: it is about the one that Sockeye runs in, which was not read either. */
export const OWN_UNREAD = "own";

/** Which gaps of namespaces may hide a service of the one that `netns` names: `host` is the one that Sockeye runs in. */
export function namespacesOf(netns: string): (gap: FlatGap) => boolean {
  return (gap) => netns !== "host" || gap[OWN_UNREAD] !== undefined;
}

/** Everywhere. */
export const EVERYWHERE: Places = {
  tables: true,
  namespaces: true,
  processes: true,
  marks: true,
  interfaces: true,
  unlisted: true,
  bind: true,
  containers: true,
};

/** True if a counterexample may be in what a gap says is missing. A gap of a kind that is not known here may hide anything. */
export function mayHide(gap: FlatGap, places: Places): boolean {
  const within = (place: true | undefined | ((gap: FlatGap) => boolean)) =>
    typeof place === "function" ? place(gap) : place === true;
  switch (gap.kind) {
    case "table":
    case "interrupted": {
      const { tables } = places;
      if (typeof tables !== "function") return tables === true;
      return typeof gap.table !== "string" || tables(gap.table);
    }
    case "netns":
      return within(places.namespaces);
    case "processes":
      return within(places.processes);
    case "marks":
    case "interfaces":
    case "unlisted":
    case "bind":
    case "containers":
      return places[gap.kind] === true;
    default:
      return true;
  }
}

/** Decides: what was found is certain; that nothing was found is so only if no gap may hide it. */
export function decide(
  found: boolean,
  places: Places,
  gaps: readonly (Gap | FlatGap)[],
): Verdict {
  if (found) return { answer: "yes" };
  const because = new Set<string>();
  for (const gap of gaps) {
    if (mayHide(isGap(gap) ? flatGap(gap) : gap, places)) because.add(gap.reason);
  }
  return because.size === 0 ? { answer: "no" } : { answer: "undecided", because: [...because] };
}

function isGap(gap: Gap | FlatGap): gap is Gap {
  return typeof gap.detail === "object" && gap.detail !== null;
}

/** The verdict on several questions together: one `yes` is enough, and one that is undecided prevents a `no`. */
export function decideAny(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.some(({ answer }) => answer === "yes")) return { answer: "yes" };
  const because = new Set(
    verdicts.flatMap((verdict) => verdict.answer === "undecided" ? verdict.because : []),
  );
  return because.size === 0 ? { answer: "no" } : { answer: "undecided", because: [...because] };
}

/** The gaps behind an undecided verdict in one clause. Further ones are counted. */
export function becauseText(verdict: Verdict, most = 2): string {
  if (verdict.answer !== "undecided") return "";
  const { because } = verdict;
  const more = because.length - most;
  return because.slice(0, most).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

interface Absence {
  /** The sentence that tells the absence. */
  readonly no: string;
  /** What is told instead while a gap may hide something. */
  readonly undecided: string;
}

/** Every sentence by which a command tells an absence, and what it says instead where that was not established. */
export const ABSENCES = {
  nothing_on_port: {
    no: "nothing listens on this port",
    undecided: "nothing found on this port, but not everything could be read",
  },
  nothing_on_address: {
    no: "no socket has this address",
    undecided: "no socket with this address was found, but not everything could be read",
  },
  nothing_on_path: {
    no: "no socket is bound to this path",
    undecided: "no socket with this path was found, but not everything could be read",
  },
  nothing_named: {
    no: "no socket has this name",
    undecided: "no socket with this name was found, but not everything could be read",
  },
  no_such_inode: {
    no: "no socket has this inode number",
    undecided: "no socket with this inode number was found, but not everything could be read",
  },
  no_socket: {
    no: "has no socket",
    undecided: "may have sockets: not everything could be read",
  },
  no_socket_here: {
    no: "has no socket in this network namespace",
    undecided: "may have sockets in this network namespace: not everything could be read",
  },
  no_such_process_id: {
    no: "no process has this ID",
    undecided: "no process with this ID can be seen from here",
  },
  no_such_process_name: {
    no: "no process has this name",
    undecided: "no process with this name can be seen from here",
  },
  no_process_of_unit: {
    no: "no unit with this name has a process",
    undecided: "no process of such a unit can be seen from here",
  },
  no_process_of_container: {
    no: "no container with this name or ID has a process",
    undecided: "no process of such a container can be seen from here",
  },
  no_listener: {
    no: "no process holds a listener there",
    undecided: "no process was found to hold a listener there, but not everything could be read",
  },
  listens_no_more: {
    no: "nothing listens on it now",
    undecided: "whether it is still held could not be read",
  },
  held_no_more: {
    no: "no process holds it now",
    undecided: "whether it is still held could not be read",
  },
  holds_no_socket: {
    no: "runs, and holds no socket",
    undecided: "runs; not all of its sockets could be read",
  },
  holds_no_socket_here: {
    no: "runs, and holds no socket in this network namespace",
    undecided: "runs; not all of its sockets in this network namespace could be read",
  },
  zombie_holds_nothing: {
    no: "has ended and is a zombie: it holds nothing",
    undecided: "has ended and is a zombie; its threads may still hold sockets",
  },
  left_over: {
    no: "the socket file is left over: no socket is bound to it",
    undecided: "the socket file exists; a socket that could not be read may be bound to it",
  },
  not_published: {
    no: "no docker-proxy and no DNAT rule publishes it",
    undecided: "it may be published to the outside: not everything could be read",
  },
  no_connection: {
    no: "no connections",
    undecided: "its connections could not be read",
  },
  no_log: {
    no: "none open",
    undecided: "unknown",
  },
  no_owner: {
    no:
      "no process (every one was checked): the kernel holds it, or io_uring, or one process is passing it to another",
    undecided: "hidden: its owner is a process that cannot be read or seen from here",
  },
  nothing_to_report: {
    no: "nothing to report",
    undecided: "nothing found, but not everything could be read",
  },
  never: {
    no: "never",
    undecided: "undecided",
  },
  no_service: {
    no: "no services",
    undecided: "no service was found, but not everything could be read",
  },
  required_missing: {
    no: "is required, but no such service exists",
    undecided: "is required, but was not found where Sockeye could look",
  },
  unused_entry: {
    no: "matches no service",
    undecided: "matched no service, but not everything could be read",
  },
  no_differences: {
    no: "no differences",
    undecided: "no difference was found, but not everything could be compared",
  },
  nothing_matches: {
    no: "no socket matches",
    undecided: "no socket that could be read matches",
  },
  no_service_matches: {
    no: "no service matches",
    undecided: "no service that could be read matches",
  },
  nothing_to_close: {
    no: "no socket matches: nothing was closed",
    undecided: "no socket matches among those that could be read: nothing was closed",
  },
} as const satisfies Record<string, Absence>;

/** The name of a sentence that tells an absence. */
type AbsenceName = keyof typeof ABSENCES;

/** The sentence for an absence, as far as the verdict has established it. Throws if something was found. */
export function absence(name: AbsenceName, verdict: Verdict): string {
  if (verdict.answer === "yes") throw new Error(`${name}: something was found`);
  return ABSENCES[name][verdict.answer];
}
