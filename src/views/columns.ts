/**
 * The columns of the listing: one table for headers, alignment, text and colour.
 *
 * @module
 */
import { endpointTraits, familyOf } from "../families/mod.ts";
import type { Owner, Process } from "../model/owner.ts";
import {
  type Endpoint,
  type FamilyName,
  type Scope,
  SCOPES,
  type Socket,
} from "../model/socket.ts";
import { type State, STATES } from "../model/state.ts";
import type { Role } from "./text/color.ts";
import { sanitize, sanitizeBytes } from "./text/sanitize.ts";

/** One column. */
export interface Column {
  readonly header: string;
  readonly align: "left" | "right";
  /** The cell's text, sanitised. Never empty: an absent value is `-`, so that awk counts right. */
  text(socket: Socket): string;
  role(socket: Socket): Role;
  /** Given up first on a terminal that is too narrow: higher goes earlier; `null` never. */
  readonly expendable: number | null;
}

/** How a state is written: as ss and the RFCs do, for people. */
export function stateLabel(socket: Socket): string {
  return HYPHENATED[socket.state];
}

// Names of the JSON as people write them, worked out once and not for each of 100,000 rows.
const HYPHENATED = Object.fromEntries(
  [...STATES, ...SCOPES].map((name) => [name, name.replaceAll("_", "-")]),
) as Readonly<Record<State | Scope, string>>;

/** What needs neither sanitising nor an escape for its blanks. */
const PLAIN = /^[\x21-\x5b\x5d-\x7e]+$/;

/** An endpoint in its family's form, harmless and without blanks, so that awk counts right; `-` for nothing to tell. */
export function formatEndpoint(family: FamilyName, endpoint: Endpoint): string {
  const text = endpointTraits(family).text(endpoint);
  if (text.length === 0) return "-";
  if (typeof text === "string" && PLAIN.test(text)) return text;
  return (typeof text === "string" ? sanitize(text) : sanitizeBytes(text))
    .replaceAll(" ", "\\x20");
}

function queue(socket: Socket, of: "receive" | "send"): string {
  if (socket.acceptQueue !== null) {
    const value = of === "receive" ? socket.acceptQueue.length : socket.acceptQueue.limit;
    return value === null ? "-" : String(value);
  }
  const value = of === "receive" ? socket.recvQueue : socket.sendQueue;
  return value === null ? "-" : String(value);
}

function queueRole(socket: Socket): Role {
  const accept = socket.acceptQueue;
  if (accept !== null && accept.limit !== null && accept.length > accept.limit) return "warning";
  return "dim";
}

/** The network namespace: its name, or its inode. Shown when a listing holds sockets of several. */
export const NETNS_COLUMN: Column = {
  header: "NETNS",
  align: "left",
  text: ({ netns }) => netns === null ? "-" : sanitize(netns.name ?? String(netns.inode)),
  role: () => "notice",
  expendable: null,
};

/** Everything before the owners, in order. */
export const COLUMNS: readonly Column[] = [
  {
    header: "PROTO",
    align: "left",
    text: (socket) => familyOf(socket.family).label(socket),
    role: () => "plain",
    expendable: null,
  },
  {
    header: "STATE",
    align: "left",
    text: stateLabel,
    role: (socket) => socket.state === "listen" ? "good" : "plain",
    expendable: 1,
  },
  {
    header: "RECV-Q",
    align: "right",
    text: (socket) => queue(socket, "receive"),
    role: queueRole,
    expendable: 3,
  },
  {
    header: "SEND-Q",
    align: "right",
    text: (socket) => queue(socket, "send"),
    role: queueRole,
    expendable: 3,
  },
  {
    header: "LOCAL",
    align: "left",
    text: (socket) => formatEndpoint(socket.family, socket.local),
    role: () => "plain",
    expendable: null,
  },
  {
    header: "PEER",
    align: "left",
    text: (socket) => socket.peer === null ? "-" : formatEndpoint(socket.family, socket.peer),
    role: (socket) => socket.peer === null ? "dim" : "plain",
    expendable: null,
  },
  {
    header: "REACH",
    align: "left",
    text: (socket) => HYPHENATED[socket.reach.scope],
    role: (socket) => {
      if (socket.reach.scope === "any" || socket.reach.scope === "public") return "warning";
      return socket.reach.scope === "loopback" ? "dim" : "notice";
    },
    expendable: 2,
  },
];

/** Name of the column that all the rest of a line belongs to. */
export const OWNERS_HEADER = "OWNERS";

const WITHOUT_OWNER: Readonly<Record<Socket["ownership"], string>> = {
  owned: "",
  unaccepted: "(not accepted yet)",
  time_wait: "(closed: time-wait)",
  orphan: "(closed by its process)",
  kernel: "(kernel)",
  hidden: "(hidden)",
  unknown: "(unknown)",
};

/** Why a socket has no owner, in parentheses, so that it cannot be taken for a name. */
export function withoutOwner(socket: Socket): string {
  return WITHOUT_OWNER[socket.ownership];
}

// A process holds many sockets and has one name. A nameless one is shown as such, not as nothing.
const names = new WeakMap<Process, string>();

function ownerName({ process }: Owner): string {
  let name = names.get(process);
  if (name === undefined) {
    name = process.comm === null ? "?" : sanitizeBytes(process.comm) || '""';
    names.set(process, name);
  }
  return name;
}

/** `nginx(80)`: an owner for a person at a terminal. */
export function shortOwner(owner: Owner): string {
  return `${ownerName(owner)}(${owner.pid})`;
}

/** `nginx(pid=80,fd=6,fd=7)`: an owner for a pipe. */
export function fullOwner(owner: Owner): string {
  const thread = owner.tid === null ? "" : `,tid=${owner.tid}`;
  let fds = "";
  for (const fd of owner.fds) fds += `,fd=${fd}`;
  return `${ownerName(owner)}(pid=${owner.pid}${thread}${fds})`;
}

/** One word of the owners column. */
export interface HolderWord {
  readonly text: string;
  readonly role: Role;
}

/**
 * Who holds a socket, or why nobody does; then who holds the other end, behind `<->`, or behind `<-` the other ends of a
 * server's connections.
 */
export function holders(socket: Socket, format: (owner: Owner) => string): HolderWord[] {
  const words: HolderWord[] = socket.owners.length > 0
    ? socket.owners.map((owner) => ({ text: format(owner), role: "name" }))
    : [{ text: withoutOwner(socket), role: "dim" }];
  const { peer, peerOwners } = socket;
  if (peerOwners !== null && peerOwners.length > 0) {
    words.push({ text: peer === null ? "<-" : "<->", role: "dim" });
    for (const owner of peerOwners) words.push({ text: format(owner), role: "notice" });
  }
  return words;
}
