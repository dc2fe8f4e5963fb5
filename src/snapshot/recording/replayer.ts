/**
 * Replayer: an Access that answers from a recording only. It reads no file, opens no socket and enters no namespace.
 *
 * @module
 */
import { EINVAL, ENODATA, ENOENT, SyscallError } from "../../../ffi/errno.ts";
import { failed } from "../../../ffi/failed_calls.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import { DecodeError } from "../../model/decode_error.ts";
import type { Datagrams } from "../../netlink/connection.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { align, NLMSG_HEADER_SIZE } from "../../netlink/header.ts";
import { DescriptorTable } from "../../proc/descriptors.ts";
import { ProcRoot } from "../../proc/root.ts";
import type { Scan } from "../../proc/scan.ts";
import { Users } from "../../etc/users.ts";
import { NoSuchNamespace } from "../../query.ts";
import type { Access, Walk } from "../access.ts";
import { utf8Bytes } from "../../text/encoding.ts";
import type { FoundNetns } from "../namespaces.ts";
import type { SocketNamespaces } from "../socket_namespaces.ts";
import type { Answer, Entry, NetnsInode, RecordedScan, Recording } from "./format.ts";
import type { DiagSocket } from "../source.ts";

type Of<Kind extends Entry["kind"]> = Extract<Entry, { readonly kind: Kind }>;

/** Entries by question. Each answers once, in order; the last one answers all further questions. */
class Queues<T> {
  readonly #queues = new Map<string, T[]>();

  add(key: string, entry: T): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, [entry]);
    else queue.push(entry);
  }

  take(key: string): T | undefined {
    const queue = this.#queues.get(key);
    return queue === undefined ? undefined : queue.length > 1 ? queue.shift() : queue[0];
  }
}

/** Replays one recording. */
export class Replayer implements Access {
  readonly #takenAtMs: number;
  readonly #answers = new Map<string, Answer>();
  readonly #sockets = new Queues<Of<"socket">>();
  readonly #replies = new Queues<Of<"reply">>();
  readonly #wider = new Map<string, Of<"reply">[]>();
  readonly #interfaces = new Map<string, string | null>();
  readonly #visits = new Queues<Of<"visit">>();
  readonly #found = new Map<string, FoundNetns>();
  #processes: readonly number[] = [];
  #owners: Of<"owners"> | undefined;
  #scope: NetnsInode = null;
  readonly root: ProcRoot;
  readonly users: Users;

  constructor(recording: Recording) {
    this.#takenAtMs = recording.takenAtMs;
    for (const entry of recording.entries) this.#add(entry);
    this.root = new ReplayRoot(this);
    this.users = new Users("/etc/passwd", (path) => this.answer("file", path));
  }

  #add(entry: Entry): void {
    switch (entry.kind) {
      case "file":
      case "link":
        this.#answers.set(`${entry.kind} ${entry.scope} ${entry.path}`, entry.answer);
        break;
      case "socket":
        this.#sockets.add(`${entry.scope} ${entry.protocol}`, entry);
        break;
      case "reply": {
        const { scope, protocol, request } = entry;
        this.#replies.add(replyKey(scope, protocol, request), entry);
        const key = `${scope} ${protocol}`;
        const list = this.#wider.get(key);
        if (list === undefined) this.#wider.set(key, [entry]);
        else list.push(entry);
        break;
      }
      case "interface":
        this.#interfaces.set(`${entry.scope} ${entry.index}`, entry.name);
        break;
      case "processes":
        this.#processes = entry.pids;
        break;
      case "owners":
        this.#owners = entry;
        break;
      case "found": {
        const { inode, name, path, pid, own } = entry.netns;
        this.#found.set(entry.wanted, { netns: { inode, name }, path, pid, own });
        break;
      }
      case "visit":
        this.#visits.add(String(entry.scope), entry);
        break;
    }
  }

  /** The recorded answer about a file. ENODATA if the file was not recorded, which does not mean that it did not exist. */
  answer(kind: "file" | "link", path: string): Answer {
    const answer = this.#answers.get(`${kind} ${this.#scope} ${path}`) ?? -ENODATA;
    // What went wrong when it was recorded is missing now as well.
    if (typeof answer === "number") {
      failed(kind === "link" ? "readlink" : "read", answer, utf8Bytes(path));
    }
    return answer;
  }

  now(): number {
    return this.#takenAtMs;
  }

  open(protocol: number): DiagSocket {
    const scope = this.#scope;
    const entry = this.#sockets.take(`${scope} ${protocol}`);
    if (entry === undefined || entry.portId === null) {
      throw new SyscallError(
        `netlink protocol ${protocol} of the recording`,
        entry?.errno ?? ENOENT,
      );
    }
    return new ReplayTransport(
      entry.portId,
      (request) =>
        this.#replies.take(replyKey(scope, protocol, request)) ??
          this.#wider.get(`${scope} ${protocol}`)?.find((reply) => covers(reply.request, request)),
      (index) => this.#interfaces.get(`${scope} ${index}`) ?? null,
    );
  }

  listProcesses(): readonly number[] {
    return this.#processes;
  }

  owners(): Walk {
    const entry = this.#owners;
    const descriptors = new DescriptorTable(entry?.cookies ?? false);
    const rows = entry?.rows ?? [];
    for (let at = 0; at + 6 <= rows.length; at += 6) {
      const [pid, tid, fd, inode, low, high] = rows.slice(at, at + 6) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      descriptors.push(pid, tid, fd, inode, low, high);
    }
    const scan = scanOf(entry?.scan ?? NOTHING_SCANNED, descriptors);
    const searched = entry?.searched ? scanOf(entry.searched, descriptors) : scan;
    return { scan, search: () => searched };
  }

  socketNamespaces(): SocketNamespaces {
    const sockets = this.#owners?.scan.sockets ?? [];
    return {
      found: new Map(sockets.map(([inode, pid, fd]) => [inode, { pid, fd }])),
      partial: false,
    };
  }

  find(wanted: string): FoundNetns {
    const found = this.#found.get(wanted);
    if (found === undefined) {
      throw new NoSuchNamespace(`The recording has no network namespace called "${wanted}"`);
    }
    return found;
  }

  visit(found: FoundNetns, diagnostics: Diagnostics, visit: () => void): boolean {
    const entry = this.#visits.take(String(found.netns.inode));
    if (entry?.gap) diagnostics.gap(entry.gap);
    if (entry === undefined || !entry.entered) return false;
    const outer = this.#scope;
    this.#scope = found.netns.inode;
    try {
      visit();
      return true;
    } finally {
      this.#scope = outer;
    }
  }
}

const NOTHING_SCANNED: RecordedScan = {
  pids: [],
  denied: [],
  unlisted: 0,
  vanished: 0,
  hidden: false,
  namespaces: [],
};

function scanOf(scan: RecordedScan, descriptors: DescriptorTable): Scan {
  return {
    ...scan,
    descriptors,
    errors: new Map(scan.errors),
    namespaces: new Map(scan.namespaces),
  };
}

function replyKey(scope: NetnsInode, protocol: number, request: Uint8Array): string {
  return `${scope} ${protocol} ${request.toBase64()}`;
}

// Offsets in a request of sock_diag for an internet or unix table.
const EXTENSIONS = NLMSG_HEADER_SIZE + 2;
const STATES = NLMSG_HEADER_SIZE + 4;
const ID = NLMSG_HEADER_SIZE + 8;

/** True if the reply to `recorded` contains all that `asked` wants: it asked for the same or more states and attributes. */
function covers(recorded: Uint8Array, asked: Uint8Array): boolean {
  if (recorded.length !== asked.length || asked.length < ID) return false;
  return asked.every((byte, i) =>
    i === EXTENSIONS || i >= STATES && i < ID ? (byte & ~recorded[i]!) === 0 : byte === recorded[i]
  );
}

class ReplayRoot extends ProcRoot {
  readonly #replayer: Replayer;

  constructor(replayer: Replayer) {
    super();
    this.#replayer = replayer;
  }

  override read(path: string, limit?: number): Answer {
    const answer = this.#replayer.answer("file", `${this.path}/${path}`);
    return typeof answer === "number" || limit === undefined ? answer : answer.slice(0, limit);
  }

  override link(path: string): Answer {
    return this.#replayer.answer("link", `${this.path}/${path}`);
  }
}

/** Gives one recorded datagram per call, as if it answered the last request. */
class ReplayTransport implements DiagSocket {
  readonly portId: number;
  readonly datagrams: Datagrams;
  readonly #replyTo: (request: Uint8Array) => Of<"reply"> | undefined;
  readonly interfaceName: (index: number) => string | null;
  #reply: Of<"reply"> | undefined;
  #next = 0;
  #sequence = 0;
  #view = new DataView(new ArrayBuffer(0));
  #flags = 0;

  constructor(
    portId: number,
    replyTo: (request: Uint8Array) => Of<"reply"> | undefined,
    interfaceName: (index: number) => string | null,
  ) {
    this.portId = portId;
    this.#replyTo = replyTo;
    this.interfaceName = interfaceName;
    // deno-lint-ignore no-this-alias -- the object below has getters of its own.
    const transport = this;
    this.datagrams = {
      get data() {
        return transport.#view;
      },
      // There is one slot, as long as the datagram in it.
      get slotSize() {
        return transport.#view.byteLength;
      },
      length: () => this.#view.byteLength,
      flags: () => this.#flags,
      senderPortId: () => 0,
    };
  }

  send(request: Uint8Array): void {
    const plain = request.slice();
    const header = new DataView(plain.buffer);
    this.#sequence = header.getUint32(8, true);
    header.setUint32(8, 0, true);
    header.setUint32(12, 0, true);
    this.#reply = this.#replyTo(plain);
    this.#next = 0;
    if (this.#reply === undefined) {
      // The error of a kernel that refuses a filter program, so that the caller asks again without one.
      throw new NetlinkError("a question that the recording was not made with", EINVAL);
    }
  }

  receive(): number {
    const datagram = this.#reply?.datagrams[this.#next++];
    if (this.#reply === undefined || datagram === undefined) {
      const errno = this.#reply?.errno ?? null;
      if (errno !== null) throw new SyscallError("recvmmsg", errno);
      throw new DecodeError("the recording", this.#next, "a reply has no end");
    }
    this.#view = new DataView(datagram.bytes.slice().buffer);
    this.#flags = datagram.flags;
    renumber(this.#view, this.#reply, this.#sequence, this.portId);
    return 1;
  }

  close(): void {}
}

/** Replaces sequence number and port ID of recorded replies by those of the request that was just sent. */
function renumber(view: DataView, recorded: Of<"reply">, sequence: number, portId: number): void {
  let at = 0;
  while (at + NLMSG_HEADER_SIZE <= view.byteLength) {
    if (
      view.getUint32(at + 8, true) === recorded.sequence &&
      view.getUint32(at + 12, true) === recorded.portId
    ) {
      view.setUint32(at + 8, sequence, true);
      view.setUint32(at + 12, portId, true);
    }
    const length = view.getUint32(at, true);
    if (length < NLMSG_HEADER_SIZE || length > view.byteLength - at) return;
    at += align(length);
  }
}
