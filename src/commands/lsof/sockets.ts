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
import { InetMessage } from "../../families/inet/message.ts";
import { inetProcTable } from "../../families/inet/proc.ts";
import { dumpRequest } from "../../families/inet/request.ts";
import { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from "../../families/inet/uapi.ts";
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
import type { InternetEnd } from "../../views/lsof/row.ts";
import type { LsofQuery } from "./query.ts";

/** The protocols of `-i`. */
export type InternetProtocol = "tcp" | "udp" | "udplite";

/** States in which no descriptor exists, and the one that lsof's source does not list. */
const WITHOUT_FILE = stateMask(TCP_TIME_WAIT, TCP_SYN_RECV, TCP_NEW_SYN_RECV, TCP_BOUND_INACTIVE);

/** A TCP, UDP or UDP-Lite socket. Addresses become text only when they are shown. */
export class InternetSocket {
  readonly kind = "internet";
  readonly version: 4 | 6;
  readonly protocol: InternetProtocol;
  readonly state: number;
  readonly receiveQueue: number;
  readonly sendQueue: number;
  readonly inode: number;
  readonly localPort: number;
  readonly peerPort: number;
  // Big-endian words; an IPv4 address is the last.
  readonly #local: readonly number[];
  readonly #peer: readonly number[];

  constructor(message: InetMessage, protocol: InternetProtocol) {
    this.version = message.family === AF_INET6 ? 6 : 4;
    this.protocol = protocol;
    this.state = message.state;
    this.receiveQueue = message.receiveQueue;
    // A listener sends nothing; the kernel tells the limit of its queue there.
    this.sendQueue = message.state === TCP_LISTEN ? 0 : message.sendQueue;
    this.inode = message.inode;
    this.localPort = message.sourcePort;
    this.peerPort = message.destinationPort;
    if (this.version === 4) {
      this.#local = [message.sourceWord(0)];
      this.#peer = [message.destinationWord(0)];
    } else {
      const words = [0, 1, 2, 3];
      this.#local = words.map((i) => message.sourceWord(i));
      this.#peer = words.map((i) => message.destinationWord(i));
    }
  }

  /** The local end; `null` when neither address nor port is set. */
  get local(): InternetEnd | null {
    return this.#end(this.#local, this.localPort);
  }

  /** The peer's end; `null` when there is none. */
  get peer(): InternetEnd | null {
    return this.#end(this.#peer, this.peerPort);
  }

  #end(words: readonly number[], port: number): InternetEnd | null {
    if (port === 0 && words.every((word) => word === 0)) return null;
    // One mapped end makes an IPv4 socket of it, whose other end is then the last four bytes too.
    if (this.version === 4 || mapped(this.#local) || mapped(this.#peer)) {
      const word = words.at(-1)!;
      return { version: 4, address: word === 0 ? null : formatIpv4(word), port };
    }
    const [a, b, c, d] = words as [number, number, number, number];
    const wildcard = a === 0 && b === 0 && c === 0 && d === 0;
    return { version: 6, address: wildcard ? null : formatIpv6(a, b, c, d), port };
  }

  /** A text that the two ends of one local connection give in opposite order. */
  key(reversed: boolean): string {
    const local = `${this.#local.join(".")}:${this.localPort}`;
    const peer = `${this.#peer.join(".")}:${this.peerPort}`;
    return `${this.version}${this.protocol} ${reversed ? `${peer} ${local}` : `${local} ${peer}`}`;
  }
}

function mapped(words: readonly number[]): boolean {
  return words.length === 4 && words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
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
        const message = new InetMessage();
        const inodes: number[] = [];
        source.read(request, {
          message: (view, start, end) => {
            message.at(view, start, end);
            if (message.inode === 0) return;
            inodes.push(message.inode);
            this.#internet.set(message.inode, new InternetSocket(message, protocol));
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
        const message = new InetMessage();
        try {
          inetProcTable(file, family).parse(bytes, (view, start, end) => {
            message.at(view, start, end);
            if (message.inode !== 0) {
              sockets.set(message.inode, new InternetSocket(message, protocol));
            }
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
