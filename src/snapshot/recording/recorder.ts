/**
 * Recorder: an Access to this machine that keeps everything it read.
 *
 * A repeated question gets the first answer again, so that the run and its replay see the same.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { AT_FDCWD, tryReadFileAt } from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import { interfaceName } from "../../../ffi/socket.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK } from "../../netlink/message_types.ts";
import { eraseKeys } from "../../families/inet/redact.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { type Datagrams, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { MessageCursor } from "../../netlink/message.ts";
import { readHost } from "../../proc/host.ts";
import { ProcRoot } from "../../proc/root.ts";
import type { Scan } from "../../proc/scan.ts";
import { Users } from "../../etc/users.ts";
import { type Access, LIVE, type Walk } from "../access.ts";
import type { FoundNetns, NamespaceFinder } from "../namespaces.ts";
import type { SocketNamespaces } from "../socket_namespaces.ts";
import type { Answer, Entry, NetnsInode, RecordedScan, Recording } from "./format.ts";
import type { DiagSocket } from "../source.ts";

/** Records one run. */
export class Recorder implements Access {
  readonly #access: Access;
  readonly #entries: Entry[] = [];
  readonly #answers = new Map<string, Answer>();
  #scope: NetnsInode = null;
  #takenAtMs: number | undefined;
  #socketNamespaces: SocketNamespaces["found"] = new Map();
  #owners: (() => Entry) | undefined;
  readonly root: ProcRoot;
  readonly users: Users;

  constructor(access: Access = LIVE) {
    this.#access = access;
    this.root = new RecordingRoot(this);
    this.users = new Users(
      "/etc/passwd",
      (path) => this.answer("file", path, () => tryReadFileAt(AT_FDCWD, cString(path))),
    );
  }

  /** Everything that was read so far, and the host, which the run itself may not have asked about. */
  recording(program: string): Recording {
    Object.values(readHost(this.root));
    const owners = this.#owners === undefined ? [] : [this.#owners()];
    return { program, takenAtMs: this.#takenAtMs ?? 0, entries: [...this.#entries, ...owners] };
  }

  /** The answer to a question about a file. Each question is asked once. */
  answer(kind: "file" | "link", path: string, ask: () => Answer): Answer {
    const key = `${kind} ${this.#scope} ${path}`;
    let answer = this.#answers.get(key);
    if (answer === undefined) {
      answer = ask();
      this.#answers.set(key, answer);
      this.#entries.push({ kind, scope: this.#scope, path, answer });
    }
    return answer;
  }

  now(): number {
    return this.#takenAtMs ??= this.#access.now();
  }

  open(protocol: number): DiagSocket {
    const scope = this.#scope;
    try {
      const transport = this.#access.open(protocol);
      const { portId } = transport;
      this.#entries.push({ kind: "socket", scope, protocol, portId, errno: null });
      return new RecordingTransport(transport, scope, protocol, this.#entries);
    } catch (error) {
      if (error instanceof SyscallError) {
        const { errno } = error;
        this.#entries.push({ kind: "socket", scope, protocol, portId: null, errno });
      }
      throw error;
    }
  }

  listProcesses(root: ProcRoot): readonly number[] {
    const pids = this.#access.listProcesses(root);
    this.#entries.push({ kind: "processes", pids });
    return pids;
  }

  owners(walk: () => Walk): Walk {
    const made = this.#access.owners(walk);
    let searched: Scan | null = null;
    // Encoded at the end, because the second search adds rows.
    this.#owners = () => ownersEntry(made.scan, searched, this.#socketNamespaces);
    return {
      scan: made.scan,
      search: (missing) => searched = made.search(missing),
    };
  }

  socketNamespaces(scan: Scan): SocketNamespaces {
    const { found, partial } = this.#access.socketNamespaces(scan);
    this.#socketNamespaces = found;
    return { found, partial };
  }

  find(
    wanted: string,
    finder: NamespaceFinder,
    listProcesses: () => readonly number[],
    descriptors: () => ReadonlyMap<number, string>,
  ): FoundNetns {
    const found = this.#access.find(wanted, finder, listProcesses, descriptors);
    const { netns, path, pid, own } = found;
    this.#entries.push({ kind: "found", wanted, netns: { ...netns, path, pid, own } });
    return found;
  }

  visit(found: FoundNetns, diagnostics: Diagnostics, visit: () => void): boolean {
    const scope = found.netns.inode;
    const outer = this.#scope;
    // Whether the namespace was entered is known only afterwards, but the replay needs to know it first.
    const at = this.#entries.length;
    const own = new Diagnostics();
    const entered = this.#access.visit(found, own, () => {
      this.#scope = scope;
      try {
        visit();
      } finally {
        this.#scope = outer;
      }
    });
    for (const gap of own.gaps) diagnostics.gap(gap);
    for (const note of own.notes) diagnostics.note(note);
    this.#entries.splice(at, 0, { kind: "visit", scope, entered, gap: own.gaps[0] ?? null });
    return entered;
  }
}

class RecordingRoot extends ProcRoot {
  readonly #recorder: Recorder;

  constructor(recorder: Recorder) {
    super();
    this.#recorder = recorder;
  }

  override read(path: string, limit?: number): Answer {
    return this.#recorder.answer("file", `${this.path}/${path}`, () => super.read(path, limit));
  }

  override link(path: string): Answer {
    return this.#recorder.answer("link", `${this.path}/${path}`, () => super.link(path));
  }
}

function ownersEntry(
  { descriptors, ...scan }: Scan,
  searched: Scan | null,
  namespaces: SocketNamespaces["found"],
): Entry {
  const rows: number[] = [];
  for (let row = 0; row < descriptors.length; row++) {
    rows.push(
      descriptors.pid(row),
      descriptors.tid(row),
      descriptors.fd(row),
      descriptors.inode(row),
      descriptors.cookieLow(row),
      descriptors.cookieHigh(row),
    );
  }
  return {
    kind: "owners",
    rows,
    cookies: descriptors.hasCookies,
    scan: {
      ...scanEntry(scan),
      sockets: [...namespaces].map(([inode, { pid, fd }]) => [inode, pid, fd]),
    },
    searched: searched === null ? null : scanEntry(searched),
  };
}

function scanEntry(scan: Omit<Scan, "descriptors">): RecordedScan {
  const { pids, denied, errors, unlisted, vanished, hidden, namespaces } = scan;
  return {
    pids,
    denied,
    errors: [...errors ?? []],
    unlisted,
    vanished,
    hidden,
    namespaces: [...namespaces],
  };
}

/** A reply that is still being received. */
type OpenReply = Omit<Extract<Entry, { readonly kind: "reply" }>, "datagrams" | "errno"> & {
  readonly datagrams: { readonly bytes: Uint8Array<ArrayBuffer>; readonly flags: number }[];
  errno: number | null;
};

/** Passes requests on, and records them with their replies. */
class RecordingTransport implements DiagSocket {
  readonly portId: number;
  readonly datagrams: Datagrams;
  readonly #transport: DiagSocket;
  readonly #scope: NetnsInode;
  readonly #protocol: number;
  readonly #entries: Entry[];
  #reply: OpenReply | undefined;

  constructor(transport: DiagSocket, scope: NetnsInode, protocol: number, entries: Entry[]) {
    this.portId = transport.portId;
    this.datagrams = transport.datagrams;
    this.#transport = transport;
    this.#scope = scope;
    this.#protocol = protocol;
    this.#entries = entries;
  }

  send(request: Uint8Array): void {
    const plain = request.slice();
    const header = new DataView(plain.buffer);
    const sequence = header.getUint32(8, true);
    header.setUint32(8, 0, true);
    header.setUint32(12, 0, true);
    this.#reply = {
      kind: "reply",
      scope: this.#scope,
      protocol: this.#protocol,
      request: plain,
      sequence,
      portId: this.portId,
      datagrams: [],
      errno: null,
    };
    this.#entries.push(this.#reply);
    this.#failing(() => this.#transport.send(request));
  }

  receive(): number {
    const count = this.#failing(() => this.#transport.receive());
    const { data, slotSize } = this.datagrams;
    for (let slot = 0; slot < count; slot++) {
      // Only the kernel's datagrams are part of the answer.
      if (this.datagrams.senderPortId(slot) !== 0) continue;
      const bytes = new Uint8Array(
        data.buffer,
        data.byteOffset + slot * slotSize,
        Math.min(this.datagrams.length(slot), slotSize),
      ).slice();
      if (this.#protocol === NETLINK_SOCK_DIAG) redact(bytes);
      this.#reply?.datagrams.push({ bytes, flags: this.datagrams.flags(slot) });
    }
    return count;
  }

  #failing<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof SyscallError && this.#reply !== undefined) {
        this.#reply.errno = error.errno;
      }
      throw error;
    }
  }

  interfaceName(index: number): string | null {
    const { fd } = this.#transport;
    const name = fd === undefined ? null : interfaceName(fd, index);
    this.#entries.push({ kind: "interface", scope: this.#scope, index, name });
    return name;
  }

  close(): void {
    this.#transport.close();
  }
}

// A malformed message cannot be searched for keys, so it and everything after it are erased.
function redact(bytes: Uint8Array<ArrayBuffer>): void {
  const message = new MessageCursor(new DataView(bytes.buffer), 0, bytes.length);
  let done = 0;
  try {
    while (message.next()) {
      const { type, view, start, end } = message;
      if (type === SOCK_DIAG_BY_FAMILY || type === TCPDIAG_GETSOCK) eraseKeys(view, start, end);
      done = message.end;
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    bytes.fill(0, done);
  }
}
