/**
 * Sockets by inode, for lsof mode: what /proc/PID/fd only numbers.
 *
 * Internet sockets come from sock_diag; the rest, and what other network namespaces hold, from /proc/net.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../../ffi/socket.ts";
import { Source } from "../../../snapshot/source.ts";
import type { Diagnostics } from "../../../diagnostics.ts";
import type { DiagRequest } from "../../../families/family.ts";
import { inetProcTable } from "../../../families/inet/proc.ts";
import { dumpRequest } from "../../../families/inet/request.ts";
import {
  INET_DIAG_MSG_SIZE,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  MSG_DPORT,
  MSG_DST,
  MSG_FAMILY,
  MSG_INODE,
  MSG_RQUEUE,
  MSG_SPORT,
  MSG_SRC,
  MSG_STATE,
  MSG_TIMER,
  MSG_WQUEUE,
} from "../../../families/inet/uapi.ts";
import { DecodeError } from "../../../model/decode_error.ts";
import { formatIpv4, formatIpv6 } from "../../../model/endpoint.ts";
import { InodeMap } from "../../../store/inode_map.ts";
import {
  ALL_STATES,
  type StateMask,
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../../../model/state.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import {
  type HexRow,
  type NetlinkRow,
  type PacketRow,
  parseHexTable,
  parseNetlinkTable,
  parsePacketTable,
} from "../../../proc/net_tables.ts";
import { parseUnixTable, type UnixRow } from "../../../proc/net_unix.ts";
import type { InternetEnd, InternetEnds, SocketState } from "../rows/row.ts";
import type { InternetProtocol, LsofQuery } from "../query.ts";
import { lsofStateName } from "../../../model/state.ts";
import { latin1Text } from "../../../text/encoding.ts";

/** States in which no descriptor exists, and the one that lsof's source does not list. */
const WITHOUT_FILE = stateMask(TCP_TIME_WAIT, TCP_SYN_RECV, TCP_NEW_SYN_RECV, TCP_BOUND_INACTIVE);

/** Where a row keeps the index of its protocol: `idiag_timer`, which nothing here reads. */
const ROW_PROTOCOL = MSG_TIMER;

/** A TCP, UDP or UDP-Lite socket: a window on the kernel's bytes, read when something of it is asked for. */
export class InternetSocket implements InternetEnds, SocketState {
  #view: DataView;
  #at: number;

  /** A window on the row at `at`, which {@linkcode InternetTable} has made. */
  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  /** Moves the window. */
  to(view: DataView, at: number): this {
    this.#view = view;
    this.#at = at;
    return this;
  }

  get version(): 4 | 6 {
    return this.#view.getUint8(this.#at + MSG_FAMILY) === AF_INET6 ? 6 : 4;
  }

  get protocol(): InternetProtocol {
    return PROTOCOLS[this.#view.getUint8(this.#at + ROW_PROTOCOL)]![0];
  }

  /** The kernel's number of the state: see model/state.ts. */
  get state(): number {
    return this.#view.getUint8(this.#at + MSG_STATE);
  }

  get receiveQueue(): number {
    return this.#view.getUint32(this.#at + MSG_RQUEUE, true);
  }

  // A listener sends nothing; the kernel tells the limit of its queue there.
  get sendQueue(): number {
    return this.state === TCP_LISTEN ? 0 : this.#view.getUint32(this.#at + MSG_WQUEUE, true);
  }

  get inode(): number {
    return this.#view.getUint32(this.#at + MSG_INODE, true);
  }

  /** Name of the TCP state; `null` for the others. */
  get stateName(): string | null {
    return this.protocol === "tcp" ? lsofStateName(this.state) : null;
  }

  get local(): InternetEnd | null {
    return this.#end(MSG_SRC, MSG_SPORT);
  }

  get peer(): InternetEnd | null {
    return this.#end(MSG_DST, MSG_DPORT);
  }

  #end(address: number, portAt: number): InternetEnd | null {
    const view = this.#view;
    const at = this.#at + address;
    const port = view.getUint16(this.#at + portAt, false);
    const first = view.getUint32(at, false);
    if (this.version === 4) {
      return port === 0 && first === 0
        ? null
        : { version: 4, address: first === 0 ? null : ipv4Text(first), port };
    }
    const b = view.getUint32(at + 4, false);
    const c = view.getUint32(at + 8, false);
    const last = view.getUint32(at + 12, false);
    const wildcard = first === 0 && b === 0 && c === 0 && last === 0;
    if (wildcard && port === 0) return null;
    // One mapped end makes an IPv4 socket of it, whose other end is then the last four bytes too.
    if (isMapped(view, this.#at + MSG_SRC) || isMapped(view, this.#at + MSG_DST)) {
      return { version: 4, address: last === 0 ? null : ipv4Text(last), port };
    }
    return { version: 6, address: wildcard ? null : formatIpv6(first, b, c, last), port };
  }

  /** A text that the two ends of one local connection give in opposite order. */
  key(reversed: boolean): string {
    const text = (address: number, port: number) => {
      const words = [0, 4, 8, 12].map((i) => this.#view.getUint32(this.#at + address + i, false));
      return `${words}:${this.#view.getUint16(this.#at + port, false)}`;
    };
    const local = text(MSG_SRC, MSG_SPORT);
    const peer = text(MSG_DST, MSG_DPORT);
    return `${this.version}${this.protocol} ${reversed ? `${peer} ${local}` : `${local} ${peer}`}`;
  }
}

const ROW_WORDS = INET_DIAG_MSG_SIZE / 4;

/** TCP, UDP and UDP-Lite sockets by inode: the fixed part of each inet_diag_msg, one after the other. */
export class InternetTable {
  /** Of an inode 1 + the word that its row begins at. */
  readonly #rows = new InodeMap();
  // A typed array can be written without a call, which counts before code is compiled.
  #words = new Uint32Array(64 * ROW_WORDS);
  #view = new DataView(this.#words.buffer);
  #length = 0;
  readonly #window = new InternetSocket(this.#view, 0);

  get size(): number {
    return this.#rows.size;
  }

  has(inode: number): boolean {
    return this.place(inode) >= 0;
  }

  get(inode: number): InternetSocket | undefined {
    const place = this.place(inode);
    return place < 0 ? undefined : this.socket(place);
  }

  /** The rows as words. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** The word that the row of an inode begins at; -1 where it has none. */
  place(inode: number): number {
    return this.#rows.get(inode) - 1;
  }

  /** The socket whose row begins at a word. */
  socket(place: number): InternetSocket {
    return new InternetSocket(this.#view, 4 * place);
  }

  /** The same for a moment: until the next is asked for. */
  glance(place: number): InternetSocket {
    return this.#window.to(this.#view, 4 * place);
  }

  /** Protocol of the socket whose row begins at a word. */
  protocol(place: number): InternetProtocol {
    return PROTOCOLS[this.#byte(place, ROW_PROTOCOL)]![0];
  }

  /** The kernel's number of its state. */
  state(place: number): number {
    return this.#byte(place, MSG_STATE);
  }

  #byte(place: number, offset: number): number {
    return this.#words[place + (offset >> 2)]! >>> 8 * (offset & 3) & 0xff;
  }

  /**
   * Takes a message over unless nobody can hold the socket. Returns its inode, 0 for none. Throws DecodeError when the
   * message is cut.
   */
  add(view: DataView, start: number, end: number, protocol: number): number {
    if (end - start < INET_DIAG_MSG_SIZE) {
      throw new DecodeError(
        "inet_diag_msg",
        start,
        `${end - start} bytes where ${INET_DIAG_MSG_SIZE} are needed`,
      );
    }
    const inode = view.getUint32(start + MSG_INODE, true);
    if (inode === 0) return 0;
    const at = this.#length;
    if (at === this.#view.byteLength) this.#grow();
    const words = this.#words;
    for (let i = 0; i < ROW_WORDS; i++) words[at / 4 + i] = view.getUint32(start + 4 * i, true);
    this.#view.setUint8(at + ROW_PROTOCOL, protocol);
    this.#length = at + INET_DIAG_MSG_SIZE;
    this.#rows.put(inode, at / 4 + 1);
    return inode;
  }

  delete(inode: number): void {
    this.#rows.put(inode, 0);
  }

  #grow(): void {
    const larger = new Uint32Array(this.#words.length * 2);
    larger.set(this.#words);
    this.#words = larger;
    this.#view = new DataView(larger.buffer);
  }
}

function isMapped(view: DataView, at: number): boolean {
  return view.getUint32(at + 8, false) === 0xffff && view.getUint32(at, false) === 0 &&
    view.getUint32(at + 4, false) === 0;
}

// Many sockets have few addresses.
const ipv4Texts = new Map<number, string>();

function ipv4Text(word: number): string {
  let text = ipv4Texts.get(word);
  if (text === undefined) ipv4Texts.set(word, text = formatIpv4(word));
  return text;
}

/** What is known of a socket. */
export type KnownSocket =
  | InternetSocket
  | { readonly kind: "unix"; readonly row: UnixRow }
  | { readonly kind: "raw" | "raw6" | "icmp"; readonly row: HexRow }
  | { readonly kind: "netlink"; readonly row: NetlinkRow }
  | { readonly kind: "packet"; readonly row: PacketRow };

const PROTOCOLS: readonly (readonly [name: InternetProtocol, number: number])[] = [
  ["tcp", IPPROTO_TCP],
  ["udp", IPPROTO_UDP],
  ["udplite", IPPROTO_UDPLITE],
];

function internetRequest(
  protocol: InternetProtocol,
  number: number,
  family: number,
  states: StateMask,
): DiagRequest {
  const six = family === AF_INET6 ? "6" : "";
  return {
    label: `${protocol} over IPv${six || "4"}`,
    message: dumpRequest({ family, protocol: number, states }),
    table: inetProcTable(`${protocol}${six}`, family),
    decode: () => null,
  };
}

/** The tables of a run. */
export class SocketTables {
  readonly #root: ProcRoot;
  readonly #diagnostics: Diagnostics;
  readonly #query: LsofQuery;
  readonly #internetOnly: boolean;
  readonly #internet = new InternetTable();
  #internetRead = false;
  #others: Map<number, KnownSocket> | undefined;
  readonly #foreign = new Map<string, Map<number, KnownSocket>>();
  #home: string | undefined;

  /** `internetOnly`: nothing but what `-i` asks for can be of use, so nothing else is read. */
  constructor(
    root: ProcRoot,
    diagnostics: Diagnostics,
    query: LsofQuery,
    internetOnly: boolean,
  ) {
    this.#root = root;
    this.#diagnostics = diagnostics;
    this.#query = query;
    this.#internetOnly = internetOnly;
  }

  /** TCP and UDP sockets of our own network namespace. */
  get internet(): InternetTable {
    if (!this.#internetRead) {
      this.#internetRead = true;
      if (!this.#query.skipInternet) this.#readInternet();
    }
    return this.#internet;
  }

  #readInternet(): void {
    const source = new Source(this.#root, this.#diagnostics);
    try {
      for (const { request, protocol } of this.#internetRequests()) {
        const inodes: number[] = [];
        source.read(request, {
          message: (view, start, end) => {
            const inode = this.#internet.add(view, start, end, protocol);
            if (inode !== 0) inodes.push(inode);
          },
          restart: () => {
            for (const inode of inodes.splice(0)) this.#internet.delete(inode);
          },
        });
      }
    } finally {
      source.close();
    }
  }

  *#internetRequests(): Generator<{ request: DiagRequest; protocol: number }> {
    const { internet, internetItems, states } = this.#query;
    let mask = ALL_STATES & ~WITHOUT_FILE;
    let [four, six] = [true, true];
    let protocols: ReadonlySet<InternetProtocol> | null = null;
    if (this.#internetOnly) {
      const included = states.filter(({ exclude }) => !exclude).map(({ state }) => state);
      if (included.length > 0) mask &= stateMask(...included);
      mask &= ~stateMask(...states.filter(({ exclude }) => exclude).map(({ state }) => state));
      if (mask === 0) return;
      // With several states a socket that is not listed may be what one of them is found by.
      if (included.length > 1) {
        protocols = null;
      } else if (internet === null) {
        // An IPv4 address may be that of an IPv6 socket, not the other way round.
        four = internetItems.some(({ version }) => version !== 6);
        if (internetItems.every(({ protocol }) => protocol !== null)) {
          protocols = new Set(internetItems.map(({ protocol }) => protocol!));
        }
      } else if (internetItems.length === 0) {
        four = internet !== 6;
        six = internet !== 4;
      }
    }
    for (const [protocol, [name, number]] of PROTOCOLS.entries()) {
      if (protocols !== null && !protocols.has(name)) continue;
      if (six) yield { request: internetRequest(name, number, AF_INET6, mask), protocol };
      if (four) yield { request: internetRequest(name, number, AF_INET, mask), protocol };
    }
  }

  /** The socket of an inode that process `pid` holds; `null` where no table has it. */
  find(inode: number, pid: number): KnownSocket | null {
    const internet = this.internet.get(inode);
    if (internet !== undefined) return internet;
    if (!this.#internetOnly) {
      this.#others ??= this.#readOthers("thread-self/net");
      const other = this.#others.get(inode);
      if (other !== undefined) return other;
    }
    return this.#findForeign(inode, pid);
  }

  /** True for a socket of our own network namespace, once {@linkcode find} has been asked. */
  isHome(inode: number): boolean {
    return this.#internet.has(inode) || this.#others?.has(inode) === true;
  }

  // The process's own namespace first, which is where most of its sockets were made.
  #findForeign(inode: number, pid: number): KnownSocket | null {
    if (!this.#root.isLive) return null;
    this.#home ??= this.#namespace("thread-self") ?? "";
    const namespace = this.#namespace(String(pid));
    if (namespace === null || namespace === this.#home) return null;
    let sockets = this.#foreign.get(namespace);
    if (sockets === undefined) {
      sockets = this.#readOthers(`${pid}/net`);
      if (!this.#query.skipInternet) this.#readForeignInternet(pid, sockets);
      this.#foreign.set(namespace, sockets);
    }
    return sockets.get(inode) ?? null;
  }

  #namespace(process: string): string | null {
    const link = this.#root.link(`${process}/ns/net`);
    return typeof link === "number" ? null : latin1Text(link);
  }

  // /proc/PID/net shows the namespace of a process to everybody; entering it would need CAP_SYS_ADMIN.
  #readForeignInternet(pid: number, sockets: Map<number, KnownSocket>): void {
    const table = new InternetTable();
    const inodes: number[] = [];
    for (const [protocol, [name]] of PROTOCOLS.entries()) {
      for (const family of [AF_INET6, AF_INET]) {
        const file = family === AF_INET6 ? `${name}6` : name;
        const bytes = this.#root.read(`${pid}/net/${file}`);
        if (typeof bytes === "number") continue;
        try {
          inetProcTable(file, family).parse(bytes, (view, start, end) => {
            inodes.push(table.add(view, start, end, protocol));
          });
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          this.#diagnostics.note(`/proc/${pid}/net/${file}: ${error.message}`);
        }
      }
    }
    for (const inode of inodes) if (inode !== 0) sockets.set(inode, table.get(inode)!);
  }

  #readOthers(net: string): Map<number, KnownSocket> {
    const sockets = new Map<number, KnownSocket>();
    const text = (file: string) => this.#root.text(`${net}/${file}`) ?? "";
    for (const row of parseUnixTable(text("unix"))) sockets.set(row.inode, { kind: "unix", row });
    const hexadecimal: readonly ("raw" | "raw6" | "icmp")[] = this.#query.skipInternet
      ? ["raw", "icmp"]
      : ["raw", "raw6", "icmp"];
    for (const kind of hexadecimal) {
      for (const row of parseHexTable(text(kind))) sockets.set(row.inode, { kind, row });
    }
    for (const row of parseNetlinkTable(text("netlink"))) {
      sockets.set(row.inode, { kind: "netlink", row });
    }
    for (const row of parsePacketTable(text("packet"))) {
      sockets.set(row.inode, { kind: "packet", row });
    }
    sockets.delete(0);
    return sockets;
  }
}
