/**
 * The columns of the listing: their headers, alignment, text and colour.
 *
 * @module
 */
import { endpointTraits, familyOf } from "../families/mod.ts";
import type { Owner, Process } from "../model/owner.ts";
import {
  type Endpoint,
  type FamilyName,
  type InternetEndpoint,
  type Scope,
  SCOPES,
  type Socket,
} from "../model/socket.ts";
import { type State, STATES } from "../model/state.ts";
import type { Role } from "../text/color.ts";
import { constant, Repeated } from "../text/repeated.ts";
import type { RowBuffer } from "../text/row_buffer.ts";
import { sanitize, sanitizeBytes } from "../text/sanitize.ts";

/** One column. */
export interface Column {
  readonly header: string;
  readonly align: "left" | "right";
  /** Writes the sanitised text of a cell. It is never empty: an absent value is `-`, so that awk counts columns correctly. */
  write(socket: Socket, out: RowBuffer): void;
  role(socket: Socket): Role;
  /** On a terminal that is too narrow, columns with a higher number are dropped first; `null`: never. */
  readonly expendable: number | null;
}

/** A state as ss and the RFCs write it. */
export function stateLabel(socket: Socket): string {
  return stateWord(socket.state);
}

/** The same of a state by itself. */
export function stateWord(state: State): string {
  return HYPHENATED[state];
}

/** A scope for people. */
export function scopeLabel(scope: Scope): string {
  return HYPHENATED[scope];
}

// The JSON names with hyphens, made once, because a listing may have 100,000 rows. The kernel's word for a socket without a
// connection would mean that it is closed.
const HYPHENATED = {
  ...Object.fromEntries(
    [...STATES, ...SCOPES].map((name) => [name, name.replaceAll("_", "-")]),
  ),
  close: "unconn",
} as Readonly<Record<State | Scope, string>>;

/** Text that needs neither sanitising nor escapes for blanks. */
const PLAIN = /^[\x21-\x5b\x5d-\x7e]+$/;

/**
 * An endpoint in the form of its family, sanitised and without blanks, so that awk counts columns correctly; or `-`. The
 * wildcard of a local end with `v6only` false stands for IPv4 as well, and is `*`.
 */
export function formatEndpoint(
  family: FamilyName,
  endpoint: Endpoint,
  v6only: boolean | null = null,
): string {
  if (isForBoth(endpoint, v6only)) return `*:${endpoint.port === 0 ? "*" : endpoint.port}`;
  const text = endpointTraits(family).text(endpoint);
  if (text.length === 0) return "-";
  if (typeof text === "string" && PLAIN.test(text)) return text;
  return (typeof text === "string" ? sanitize(text) : sanitizeBytes(text))
    .replaceAll(" ", "\\x20");
}

/** True for the wildcard of a socket for both IPv6 and IPv4, on every interface. */
function isForBoth(
  endpoint: Endpoint,
  v6only: boolean | null,
): endpoint is InternetEndpoint {
  return v6only === false && "address" in endpoint && endpoint.interface === null &&
    endpoint.address === "::";
}

/** Writes what {@linkcode formatEndpoint} returns. */
function writeEndpoint(
  family: FamilyName,
  endpoint: Endpoint,
  v6only: boolean | null,
  out: RowBuffer,
): void {
  if (isForBoth(endpoint, v6only)) {
    out.byte(STAR);
    out.byte(COLON);
    if (endpoint.port === 0) out.byte(STAR);
    else out.decimal(endpoint.port);
    return;
  }
  const { write } = endpointTraits(family);
  if (write !== undefined) {
    const { length, extraBytes } = out;
    write(endpoint, out);
    if (out.length > length && out.isPlain(length)) return;
    // The name of an interface may contain any characters.
    out.length = length;
    out.extraBytes = extraBytes;
  }
  out.utf8(formatEndpoint(family, endpoint));
}

function writeQueue(value: number | null, out: RowBuffer): void {
  if (value === null) out.byte(HYPHEN);
  else out.decimal(value);
}

function queueRole(socket: Socket): Role {
  const accept = socket.acceptQueue;
  if (accept !== null && accept.limit !== null && accept.length > accept.limit) return "bad";
  return "dim";
}

const HYPHEN = 0x2d;
const STAR = 0x2a;
const COLON = 0x3a;
const labels = new Repeated();
const states = new Repeated();
const scopes = new Repeated();

/** The network namespace: its name or its inode. Shown if the sockets are from several. */
export const NETNS_COLUMN: Column = {
  header: "NETNS",
  align: "left",
  write: ({ netns }, out) =>
    out.utf8(netns === null ? "-" : sanitize(netns.name ?? String(netns.inode))),
  role: () => "notice",
  expendable: null,
};

/** The columns before the owners, in order. */
export const COLUMNS: readonly Column[] = [
  {
    header: "PROTO",
    align: "left",
    write: (socket, out) => labels.write(familyOf(socket.family).label(socket), out),
    role: () => "plain",
    expendable: null,
  },
  {
    header: "STATE",
    align: "left",
    write: (socket, out) => states.write(stateLabel(socket), out),
    role: () => "plain",
    expendable: 1,
  },
  {
    header: "RECV-Q",
    align: "right",
    write: ({ acceptQueue, recvQueue }, out) =>
      writeQueue(acceptQueue === null ? recvQueue : acceptQueue.length, out),
    role: queueRole,
    expendable: 3,
  },
  {
    header: "SEND-Q",
    align: "right",
    write: ({ acceptQueue, sendQueue }, out) =>
      writeQueue(acceptQueue === null ? sendQueue : acceptQueue.limit, out),
    role: queueRole,
    expendable: 3,
  },
  {
    header: "LOCAL",
    align: "left",
    write: ({ family, local, v6only }, out) => writeEndpoint(family, local, v6only, out),
    role: () => "plain",
    expendable: null,
  },
  {
    header: "PEER",
    align: "left",
    write: ({ family, peer }, out) => {
      if (peer === null) out.byte(HYPHEN);
      else writeEndpoint(family, peer, null, out);
    },
    role: (socket) => socket.peer === null ? "dim" : "plain",
    expendable: null,
  },
  {
    header: "REACH",
    align: "left",
    write: (socket, out) => scopes.write(HYPHENATED[socket.reach.scope], out),
    role: (socket) => {
      return socket.reach.scope === "any" || socket.reach.scope === "public" ? "warning" : "plain";
    },
    expendable: 2,
  },
];

/** Header of the last column, which takes the rest of a line. */
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

/** Why a socket has no owner. Parentheses show that it is not a name. */
export function withoutOwner(socket: Socket): string {
  return withoutOwnerText(socket.ownership);
}

/** The same of an ownership by itself; empty for a socket that has owners. */
export function withoutOwnerText(ownership: Socket["ownership"]): string {
  return WITHOUT_OWNER[ownership];
}

// A process may own many sockets, so its name is kept. An empty name is shown as "".
const names = new WeakMap<Process, string>();

function ownerName({ process }: Owner): string {
  let name = names.get(process);
  if (name === undefined) {
    name = process.comm === null ? "?" : sanitizeBytes(process.comm) || '""';
    names.set(process, name);
  }
  return name;
}

const ownerNames = new Repeated();
const OPEN = 0x28;
const CLOSE = 0x29;
const PID_IS = constant("(pid=");
const TID_IS = constant(",tid=");
const FD_IS = constant(",fd=");

/** Writes an owner for a terminal: `nginx(80)`. */
export function writeShortOwner(owner: Owner, out: RowBuffer): void {
  ownerNames.write(ownerName(owner), out);
  out.byte(OPEN);
  out.decimal(owner.pid);
  out.byte(CLOSE);
}

/** Writes what stands before thread and descriptors of an owner for a pipe: `nginx(pid=80`. */
export function writeOwnerHead(owner: Owner, out: RowBuffer): void {
  ownerNames.write(ownerName(owner), out);
  out.bytes(PID_IS);
  out.decimal(owner.pid);
}

/** Writes an owner for a pipe: `nginx(pid=80,fd=6,fd=7)`. */
export function writeFullOwner(owner: Owner, out: RowBuffer): void {
  const { tid, fds } = owner;
  writeOwnerHead(owner, out);
  if (tid !== null) {
    out.bytes(TID_IS);
    out.decimal(tid);
  }
  for (let i = 0; i < fds.length; i++) {
    out.bytes(FD_IS);
    out.decimal(fds[i]!);
  }
  out.byte(CLOSE);
}

/** Called around each word of the owners column. */
export interface WordFrame {
  begin(role: Role): void;
  end(): void;
}

/**
 * Writes the owners of a socket, or why it has none. The owners of the other end follow after `<->`, or for a listener, those
 * of the other ends of its connections after `<-`.
 */
export function writeOwners(
  socket: Socket,
  out: RowBuffer,
  writeOwner: (owner: Owner, out: RowBuffer) => void,
  frame: WordFrame,
): void {
  const { owners, peerOwners } = socket;
  if (owners.length > 0) writeOwnerWords(owners, "plain", out, writeOwner, frame);
  else writeWord(withoutOwner(socket), out, frame);
  if (peerOwners !== null && peerOwners.length > 0) {
    writeWord(socket.peer === null ? "<-" : "<->", out, frame);
    writeOwnerWords(peerOwners, "notice", out, writeOwner, frame);
  }
}

function writeWord(word: string, out: RowBuffer, frame: WordFrame): void {
  frame.begin("dim");
  out.text(word);
  frame.end();
}

function writeOwnerWords(
  owners: readonly Owner[],
  role: Role,
  out: RowBuffer,
  writeOwner: (owner: Owner, out: RowBuffer) => void,
  frame: WordFrame,
): void {
  for (let i = 0; i < owners.length; i++) {
    frame.begin(role);
    writeOwner(owners[i]!, out);
    frame.end();
  }
}
