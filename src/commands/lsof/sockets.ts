/**
 * Sockets by inode, for lsof mode: what /proc/PID/fd only numbers.
 *
 * Internet sockets come from sock_diag; the rest, and what other network namespaces hold, from /proc/net.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { Source } from "../../collect/source.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import type { DiagRequest } from "../../families/family.ts";
import { inetProcTable } from "../../families/inet/proc.ts";
import { dumpRequest } from "../../families/inet/request.ts";
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
  MSG_WQUEUE,
} from "../../families/inet/uapi.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { formatIpv4, formatIpv6 } from "../../model/endpoint.ts";
import {
  ALL_STATES,
  type StateMask,
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../../model/state.ts";
import type { ProcRoot } from "../../proc/root.ts";
import {
  type HexRow,
  type NetlinkRow,
  type PacketRow,
  parseHexTable,
  parseNetlinkTable,
  parsePacketTable,
} from "../../proc/net_tables.ts";
import { parseUnixTable, type UnixRow } from "../../proc/net_unix.ts";
import type { InternetEnd, InternetEnds, SocketState } from "../../views/lsof/row.ts";
import type { LsofQuery } from "./query.ts";
import { TCP_STATES } from "./tcp_states.ts";

/** The protocols of `-i`. */
export type InternetProtocol = "tcp" | "udp" | "udplite";

/** States in which no descriptor exists, and the one that lsof's source does not list. */
const WITHOUT_FILE = stateMask(TCP_TIME_WAIT, TCP_SYN_RECV, TCP_NEW_SYN_RECV, TCP_BOUND_INACTIVE);

/** A TCP, UDP or UDP-Lite socket. Addresses become text only when they are shown. */
export class InternetSocket implements InternetEnds, SocketState {
  readonly kind = "internet";
  readonly version: 4 | 6;
  readonly protocol: InternetProtocol;
  readonly state: number;
  readonly receiveQueue: number;
  readonly sendQueue: number;
  readonly inode: number;
  readonly localPort: number;
  readonly peerPort: number;
  // Big-endian: the last word of each address, and for IPv6 the three before it, local first.
  readonly #localWord: number;
  readonly #peerWord: number;
  readonly #high: readonly number[] | null;

  /** Reads the inet_diag_msg at `start`, which has its full length. */
  constructor(view: DataView, start: number, protocol: InternetProtocol) {
    this.version = view.getUint8(start + MSG_FAMILY) === AF_INET6 ? 6 : 4;
    this.protocol = protocol;
    this.state = view.getUint8(start + MSG_STATE);
    this.receiveQueue = view.getUint32(start + MSG_RQUEUE, true);
    // A listener sends nothing; the kernel tells the limit of its queue there.
    this.sendQueue = this.state === TCP_LISTEN ? 0 : view.getUint32(start + MSG_WQUEUE, true);
    this.inode = view.getUint32(start + MSG_INODE, true);
    this.localPort = view.getUint16(start + MSG_SPORT, false);
    this.peerPort = view.getUint16(start + MSG_DPORT, false);
    const last = this.version === 6 ? 12 : 0;
    this.#localWord = view.getUint32(start + MSG_SRC + last, false);
    this.#peerWord = view.getUint32(start + MSG_DST + last, false);
    this.#high = last === 0 ? null : [
      view.getUint32(start + MSG_SRC, false),
      view.getUint32(start + MSG_SRC + 4, false),
      view.getUint32(start + MSG_SRC + 8, false),
      view.getUint32(start + MSG_DST, false),
      view.getUint32(start + MSG_DST + 4, false),
      view.getUint32(start + MSG_DST + 8, false),
    ];
  }

  /** Name of the TCP state; `null` for the others. */
  get stateName(): string | null {
    if (this.protocol !== "tcp") return null;
    return TCP_STATES[this.state] ?? `UNKNOWN_TCP_STATE_${this.state}`;
  }

  get local(): InternetEnd | null {
    return this.#end(0, this.#localWord, this.localPort);
  }

  get peer(): InternetEnd | null {
    return this.#end(3, this.#peerWord, this.peerPort);
  }

  #end(at: 0 | 3, last: number, port: number): InternetEnd | null {
    const high = this.#high;
    if (high === null) {
      return port === 0 && last === 0
        ? null
        : { version: 4, address: last === 0 ? null : ipv4Text(last), port };
    }
    const [a, b, c] = [high[at]!, high[at + 1]!, high[at + 2]!];
    const wildcard = a === 0 && b === 0 && c === 0 && last === 0;
    if (wildcard && port === 0) return null;
    // One mapped end makes an IPv4 socket of it, whose other end is then the last four bytes too.
    if (isMapped(high, 0) || isMapped(high, 3)) {
      return { version: 4, address: last === 0 ? null : ipv4Text(last), port };
    }
    return { version: 6, address: wildcard ? null : formatIpv6(a, b, c, last), port };
  }

  /** A text that the two ends of one local connection give in opposite order. */
  key(reversed: boolean): string {
    const high = this.#high ?? [];
    const local = `${high.slice(0, 3)}.${this.#localWord}:${this.localPort}`;
    const peer = `${high.slice(3)}.${this.#peerWord}:${this.peerPort}`;
    return `${this.version}${this.protocol} ${reversed ? `${peer} ${local}` : `${local} ${peer}`}`;
  }
}

function isMapped(high: readonly number[], at: 0 | 3): boolean {
  return high[at] === 0 && high[at + 1] === 0 && high[at + 2] === 0xffff;
}

// Many sockets have few addresses.
const ipv4Texts = new Map<number, string>();

function ipv4Text(word: number): string {
  let text = ipv4Texts.get(word);
  if (text === undefined) ipv4Texts.set(word, text = formatIpv4(word));
  return text;
}

function checkLength(start: number, end: number): void {
  if (end - start >= INET_DIAG_MSG_SIZE) return;
  throw new DecodeError(
    "inet_diag_msg",
    start,
    `${end - start} bytes where ${INET_DIAG_MSG_SIZE} are needed`,
  );
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
  readonly #internet = new Map<number, InternetSocket>();
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
  get internet(): ReadonlyMap<number, InternetSocket> {
    if (!this.#internetRead) {
      this.#internetRead = true;
      if (!this.#query.skipInternet) this.#readInternet();
    }
    return this.#internet;
  }

  #readInternet(): void {
    const source = new Source(this.#root, this.#diagnostics);
    try {
      for (const request of this.#internetRequests()) {
        const [protocol] = request.label.split(" ") as [InternetProtocol];
        const inodes: number[] = [];
        source.read(request, {
          message: (view, start, end) => {
            checkLength(start, end);
            const socket = new InternetSocket(view, start, protocol);
            if (socket.inode === 0) return;
            inodes.push(socket.inode);
            this.#internet.set(socket.inode, socket);
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

  *#internetRequests(): Generator<DiagRequest> {
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
    for (const [protocol, number] of PROTOCOLS) {
      if (protocols !== null && !protocols.has(protocol)) continue;
      if (six) yield internetRequest(protocol, number, AF_INET6, mask);
      if (four) yield internetRequest(protocol, number, AF_INET, mask);
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
    return typeof link === "number" ? null : String.fromCharCode(...link);
  }

  // /proc/PID/net shows the namespace of a process to everybody; entering it would need CAP_SYS_ADMIN.
  #readForeignInternet(pid: number, sockets: Map<number, KnownSocket>): void {
    for (const [protocol] of PROTOCOLS) {
      for (const family of [AF_INET6, AF_INET]) {
        const file = family === AF_INET6 ? `${protocol}6` : protocol;
        const bytes = this.#root.read(`${pid}/net/${file}`);
        if (typeof bytes === "number") continue;
        try {
          inetProcTable(file, family).parse(bytes, (view, start) => {
            const socket = new InternetSocket(view, start, protocol);
            if (socket.inode !== 0) sockets.set(socket.inode, socket);
          });
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          this.#diagnostics.note(`/proc/${pid}/net/${file}: ${error.message}`);
        }
      }
    }
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
