/**
 * Compares the sources: do sock_diag, /proc/net and the descriptors of processes show the same services?
 *
 * @module
 */
import {
  EBADF,
  ENOSYS,
  errnoName,
  errnoText,
  failureOf,
  SyscallError,
} from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { tryNamespaceOfSocket } from "../../../ffi/namespace.ts";
import { tryCopyFrom, tryOpenProcess } from "../../../ffi/process.ts";
import { tryStatFd } from "../../../ffi/stat.ts";
import {
  AF_INET,
  AF_INET6,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_PROTOCOL,
  SOL_SOCKET,
  tryGetIntOption,
} from "../../../ffi/socket.ts";
import type { Discrepancy, SourceComparison } from "../../audit/advice/rule.ts";
import { collectSockets } from "../../snapshot/collect.ts";
import { NO_DIAG_MODULE, Source } from "../../snapshot/source.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { endpointTraits } from "../../families/mod.ts";
import { walkOwners } from "../../join/owners.ts";
import { type FlatGap, flatGap, type Gap } from "../../model/gap.ts";
import type { Socket, Transport } from "../../model/socket.ts";
import { currentNetns, netnsInode } from "../../proc/ns.ts";
import { ProcRoot } from "../../proc/root.ts";
import { failedReads } from "../../proc/scan.ts";
import type { Query } from "../../query.ts";
import { hostQuery } from "../../snapshot/host_snapshot.ts";

/** Transports that both sock_diag and /proc/net list. */
const COMPARED: ReadonlySet<Transport> = new Set(["tcp", "udp", "udplite", "raw"]);
/**
 * At most so many sockets that no table lists are asked what they are: about a second. Most of them are of other families or
 * other network namespaces.
 */
const MOST_ASKED = 262_144;

/** Labels of the tables that hold sockets of a compared transport: `tcp over IPv4`. */
const isCompared = (label: string) => COMPARED.has(label.split(" ")[0] as Transport);

/**
 * Compares the three for our own network namespace. A difference is returned only if two scans find it, and if each list that
 * it follows from was read whole and from its own source. What could not be compared is a gap.
 */
export function compareSources(root = new ProcRoot()): SourceComparison {
  const first = scan(root);
  if (first.discrepancies.length === 0) return first;
  const second = scan(root);
  const again = new Set(second.discrepancies.map(signature));
  return {
    discrepancies: first.discrepancies.filter((found) => again.has(signature(found))),
    gaps: [...first.gaps, ...second.gaps],
  };
}

function signature({ kind, endpoint, inode }: Discrepancy): string {
  return `${kind} ${endpoint} ${inode}`;
}

/** The tables of one source. */
interface Look {
  readonly sockets: readonly Socket[];
  readonly gaps: readonly Gap[];
  /** Labels of the tables that were read from /proc instead, and why. */
  readonly fromProc: ReadonlyMap<string, string>;
}

function scan(root: ProcRoot): SourceComparison {
  const netns = currentNetns(root);
  const diag = look(root, netns, "netlink");
  const proc = look(root, netns, "proc");
  return compareLooks(
    diag,
    proc,
    (listed, whole, gaps) => onlyDescriptors(root, listed, netns, whole, gaps),
  );
}

function look(root: ProcRoot, netns: number | null, kind: "netlink" | "proc"): Look {
  const diagnostics = new Diagnostics();
  const source = new Source(
    root,
    diagnostics,
    ...(kind === "netlink" ? [] : [() => {
      throw new SyscallError("sock_diag left aside", ENOSYS);
    }]),
  );
  const query: Query = {
    ...hostQuery(kind === "netlink"),
    families: new Set(["inet", "inet6"]),
  };
  try {
    const sockets = collectSockets(
      query,
      source,
      netns === null ? null : { inode: netns, name: null },
    );
    return { sockets, gaps: diagnostics.gaps, fromProc: source.fromProc };
  } finally {
    source.close();
  }
}

/**
 * Compares two looks. A table that one of them lacks accuses nobody. `descriptors` is given all sockets, which transports were
 * listed whole, and a list for its gaps.
 */
function compareLooks(
  diag: Look,
  proc: Look,
  descriptors: (
    listed: readonly Socket[],
    whole: (transport: Transport) => boolean,
    gaps: FlatGap[],
  ) => Discrepancy[],
): SourceComparison {
  const gaps: FlatGap[] = [...diag.gaps, ...proc.gaps]
    .filter(({ detail }) => typeof detail.table !== "string" || isCompared(detail.table))
    .map(flatGap);
  for (const [label, why] of diag.fromProc) {
    // Without the module there is one source, and nothing that could disagree.
    if (!isCompared(label) || why === NO_DIAG_MODULE) continue;
    gaps.push({
      kind: "table",
      reason: `${label} could not be compared with /proc: ${why}`,
      table: label,
    });
  }
  const listedBy = ({ gaps }: Look, transport: Transport) =>
    gaps.every(({ detail }) =>
      typeof detail.table === "string" && detail.table.split(" ")[0] !== transport
    );
  const independent = (transport: Transport) =>
    ![...diag.fromProc.keys()].some((label) => label.split(" ")[0] === transport);
  // A file that is not there has listed nothing, and left nothing out.
  const isThere = ({ family, transport }: Socket) =>
    proc.fromProc.has(`${transport} over IPv${family === "inet6" ? 6 : 4}`);
  const comparable = (socket: Socket) => {
    const { transport } = socket;
    return independent(transport) && listedBy(diag, transport) && listedBy(proc, transport) &&
      isThere(socket);
  };
  return {
    discrepancies: [
      ...compareTables(diag.sockets.filter(comparable), proc.sockets.filter(comparable)),
      // One whole table is enough: a listener that a process holds has to be in it.
      ...descriptors(
        [...diag.sockets, ...proc.sockets],
        (transport) => listedBy(diag, transport),
        gaps,
      ),
    ],
    gaps,
  };
}

/** Services that are in only one of two lists. The first list may contain connections as well. */
export function compareTables(
  diag: readonly Socket[],
  proc: readonly Socket[],
): Discrepancy[] {
  const only = (
    kind: Discrepancy["kind"],
    here: readonly Socket[],
    there: readonly Socket[],
  ): Discrepancy[] => {
    const known = new Set(there.map(place));
    return here.filter((socket) => isService(socket) && !known.has(place(socket)))
      .map((socket) => ({ kind, endpoint: told(socket), inode: socket.inode, detail: "" }));
  };
  return [
    ...only("only_sock_diag", diag, proc),
    ...only("only_proc_net", proc, diag),
  ];
}

function isService({ transport, state, peer }: Socket): boolean {
  return COMPARED.has(transport) && peer === null &&
    (state === "listen" || transport !== "tcp" && state === "close");
}

// Neither the interface, which /proc does not tell, nor the inode, which not every socket has.
function place(socket: Socket): string {
  const local = socket.local as { address?: string; port?: number };
  return `${socket.family} ${socket.transport} ${local.address} ${local.port} ${socket.inode}`;
}

function told(socket: Socket): string {
  const text = endpointTraits(socket.family).text(socket.local);
  return `${socket.transport} ${typeof text === "string" ? text : "?"}`;
}

/**
 * Listening sockets of this namespace that processes own but `listed` lacks. A socket that was never bound is in no table
 * either, so each one is asked whether it listens, through a copy of its descriptor. Those that could not be asked become a gap,
 * unless that is how it always is: without the right to trace a process, and before Linux 5.6.
 */
export function onlyDescriptors(
  root: ProcRoot,
  listed: readonly Socket[],
  netns: number | null,
  whole: (transport: Transport) => boolean = () => true,
  gaps: FlatGap[] = [],
): Discrepancy[] {
  if (!root.isLive) return [];
  const known = new Set(listed.map(({ inode }) => inode));
  const { scan } = walkOwners(root, "auto", new Diagnostics());
  const table = scan.descriptors;
  const unread = failedReads(scan);
  if (unread !== null) gaps.push({ kind: "table", reason: unread });
  const near = new Map<number, boolean>();
  const isNear = (pid: number): boolean => {
    let known = near.get(pid);
    if (known === undefined) {
      const link = root.link(`${pid}/ns/net`);
      known = typeof link !== "number" && netnsInode(link) === netns;
      near.set(pid, known);
    }
    return known;
  };
  // Processes in this namespace first: the others mostly own sockets of their own namespaces.
  const rows: number[] = [];
  for (const wanted of [true, false]) {
    for (let row = 0; row < table.length; row++) {
      // pidfd_getfd(2) knows only the main descriptor table, not those of threads.
      if (
        table.tid(row) === 0 && !known.has(table.inode(row)) && isNear(table.pid(row)) === wanted
      ) rows.push(row);
    }
  }
  const found: Discrepancy[] = [];
  const asked = new Set<number>();
  let failure = 0;
  let pid = 0;
  let process = -1;
  for (const row of rows) {
    const inode = table.inode(row);
    if (asked.has(inode)) continue;
    if (asked.size >= MOST_ASKED) {
      gaps.push(unasked(`there are more than ${MOST_ASKED}`));
      break;
    }
    asked.add(inode);
    if (table.pid(row) !== pid) {
      if (process >= 0) close(process);
      pid = table.pid(row);
      process = tryOpenProcess(pid);
    }
    const answer = process < 0
      ? process
      : askDescriptor(process, table.fd(row), inode, netns, whole);
    // The descriptor has been closed since, and may be another one by now. Some other may still be of this socket.
    if (answer === -EBADF) asked.delete(inode);
    if (typeof answer === "number") {
      if (failureOf(answer) === "failed" && answer !== -EBADF && answer !== -ENOSYS) {
        failure = -answer;
      }
      continue;
    }
    if (!answer) continue;
    found.push({
      kind: "only_descriptors",
      endpoint: `socket:[${inode}]`,
      inode,
      detail: `descriptor ${table.fd(row)} of process ${table.pid(row)}`,
    });
  }
  if (process >= 0) close(process);
  if (failure !== 0) gaps.push(unasked(`${errnoText(failure)} (${errnoName(failure)})`));
  return found;
}

function unasked(why: string): FlatGap {
  return {
    kind: "table",
    reason: `not every socket that is in no table could be asked whether it listens: ${why}`,
  };
}

/** Transports by protocol number (include/uapi/linux/in.h). */
const TRANSPORTS: ReadonlyMap<number, Transport> = new Map<number, Transport>([
  [6, "tcp"],
  [33, "dccp"],
  [132, "sctp"],
  [262, "mptcp"],
]);

/**
 * Whether a socket listens in a namespace, asked through a copy of its descriptor; or the negated errno, EBADF where the descriptor
 * is no more that socket. `process` is a descriptor of its process.
 */
function askDescriptor(
  process: number,
  fd: number,
  inode: number,
  netns: number | null,
  whole: (transport: Transport) => boolean,
): boolean | number {
  const copy = tryCopyFrom(process, fd);
  if (copy < 0) return copy;
  try {
    const status = tryStatFd(copy);
    if (typeof status === "number") return status;
    if (status.inode !== inode) return -EBADF;
    const domain = tryGetIntOption(copy, SOL_SOCKET, SO_DOMAIN);
    if (domain < 0) return domain;
    if (domain !== AF_INET && domain !== AF_INET6) return false;
    const listens = tryGetIntOption(copy, SOL_SOCKET, SO_ACCEPTCONN);
    if (listens !== 1) return listens < 0 ? listens : false;
    // Of other protocols there is no table, or none that was read whole.
    const protocol = tryGetIntOption(copy, SOL_SOCKET, SO_PROTOCOL);
    if (protocol < 0) return protocol;
    const transport = TRANSPORTS.get(protocol);
    if (transport === undefined || !whole(transport)) return false;
    // A socket stays in the namespace it was made in, wherever its owner moves.
    const there = tryNamespaceOfSocket(copy);
    return there < 0 ? there : there === netns;
  } finally {
    close(copy);
  }
}
