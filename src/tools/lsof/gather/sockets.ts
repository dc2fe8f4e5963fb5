/**
 * SocketTables: all sockets by inode, because /proc/PID/fd gives nothing but the inode.
 *
 * Internet sockets come from sock_diag. The others, and the sockets of other network namespaces, come from /proc/net.
 *
 * @module
 */
import { ENOENT, ENOTDIR, errnoName, errnoText, ESRCH } from "../../../../ffi/errno.ts";
import { leaveUncompiled } from "../../../../ffi/jit.ts";
import { AF_INET, AF_INET6 } from "../../../../ffi/socket.ts";
import { Source } from "../../../snapshot/source.ts";
import { HAS_SECOND_GEAR } from "../../../core/worth.ts";
import type { Diagnostics } from "../../../diagnostics.ts";
import type { DiagRequest } from "../../../families/family.ts";
import { inetProcTable } from "../../../families/inet/proc.ts";
import { dumpRequest } from "../../../families/inet/request.ts";
import { DecodeError } from "../../../model/decode_error.ts";
import {
  ALL_STATES,
  type StateMask,
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_NEW_SYN_RECV,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../../../model/state.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import { eachNetlinkRow, type NetlinkRow } from "../../../proc/net_netlink.ts";
import { eachPacketRow, type PacketRow } from "../../../proc/net_packet.ts";
import { parseUnixTable, type UnixRow } from "../../../proc/net_unix.ts";
import type { CoreFilter } from "./core_filter.ts";
import type { CoreSockets } from "./core_sockets.ts";
import { EarlyMessages } from "./early_messages.ts";
import { type HexRow, hexRows } from "./hex_rows.ts";
import { type InternetSocket, InternetSockets, PROTOCOLS } from "./internet_sockets.ts";
import type { InternetProtocol, LsofQuery } from "../query.ts";
import { readSctpSockets, type SctpSocket } from "./sctp.ts";
import { latin1Text } from "../../../text/encoding.ts";

// Loaded where there are many.
const coreSockets = () => require("./core_sockets.ts") as typeof import("./core_sockets.ts");

/** States in which no process has a descriptor, and the state that the source of lsof does not list. */
const WITHOUT_FILE = stateMask(TCP_TIME_WAIT, TCP_SYN_RECV, TCP_NEW_SYN_RECV, TCP_BOUND_INACTIVE);

/** What is known of a socket. */
export type KnownSocket =
  | InternetSocket
  | { readonly kind: "unix"; readonly row: UnixRow }
  | { readonly kind: "raw" | "raw6" | "icmp"; readonly row: HexRow }
  | { readonly kind: "netlink"; readonly row: NetlinkRow }
  | { readonly kind: "packet"; readonly row: PacketRow }
  | { readonly kind: "sctp"; readonly row: SctpSocket };

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
  readonly #internet = new InternetSockets();
  #internetRead = false;
  readonly #filter: CoreFilter | null;
  #inCore: CoreSockets | null = null;
  #others: Map<number, KnownSocket> | undefined;
  readonly #foreign = new Map<string, Map<number, KnownSocket>>();
  #home: string | undefined;

  /**
   * `internetOnly`: only what `-i` asks for can be listed, so nothing else is read. `filter`: what of it, where the core can tell; it
   * may have the sockets then.
   */
  constructor(
    root: ProcRoot,
    diagnostics: Diagnostics,
    query: LsofQuery,
    internetOnly: boolean,
    filter: CoreFilter | null = null,
  ) {
    this.#root = root;
    this.#diagnostics = diagnostics;
    this.#query = query;
    this.#internetOnly = internetOnly;
    this.#filter = filter;
  }

  /** TCP and UDP sockets of our own network namespace. */
  get internet(): InternetSockets {
    if (!this.#internetRead) {
      this.#internetRead = true;
      if (!this.#query.skipInternet) this.#readInternet();
    }
    return this.#internet;
  }

  /** What the core has of them, once they were read: all, or `null` where there are few, or it cannot tell what is asked for. */
  get inCore(): CoreSockets | null {
    return this.#inCore;
  }

  #readInternet(): void {
    const source = new Source(this.#root, this.#diagnostics);
    const early = this.#filter === null ? null : new EarlyMessages();
    try {
      for (const { request, protocol } of this.#internetRequests()) {
        const inodes: number[] = [];
        const before = this.#inCore?.length ?? early?.length ?? 0;
        this.#inCore?.begin(protocol);
        source.read(request, {
          message: (view, start, end) => {
            if (early?.isFull) this.#toCore(early, protocol);
            if (this.#inCore !== null) return this.#inCore.message(view, start, end);
            const inode = this.#internet.add(view, start, end, protocol);
            if (inode === 0) return;
            inodes.push(inode);
            early?.push(view, start, protocol);
          },
          messages: (view, start, end) => this.#inCore?.messages(view, start, end) ?? start,
          restart: () => {
            for (const inode of inodes.splice(0)) this.#internet.delete(inode);
            (this.#inCore ?? early)?.takeBack(before);
          },
        });
      }
    } finally {
      source.close();
    }
  }

  #toCore(early: EarlyMessages, protocol: number): void {
    if (this.#inCore !== null) return;
    if (HAS_SECOND_GEAR) leaveUncompiled();
    this.#inCore = new (coreSockets().CoreSockets)(early.kept, this.#filter!);
    this.#inCore.begin(protocol);
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
      // With several states, a socket that is not listed may still count as found for one of them.
      if (included.length > 1) {
        protocols = null;
      } else if (internet === null) {
        // An IPv6 socket may have an IPv4 address; the opposite does not happen.
        four = internetItems.some(({ version }) => version !== 6);
        if (internetItems.every(({ protocol }) => protocol !== null)) {
          protocols = new Set(internetItems.map(({ protocol }) => protocol!));
        }
      } else if (internetItems.length === 0) {
        four = internet !== 6;
        six = internet !== 4;
      }
    }
    for (const [name, protocol] of PROTOCOLS) {
      if (protocols !== null && !protocols.has(name)) continue;
      if (six) yield { request: internetRequest(name, protocol, AF_INET6, mask), protocol };
      if (four) yield { request: internetRequest(name, protocol, AF_INET, mask), protocol };
    }
  }

  /** The socket with an inode, which process `pid` holds; `null` where no table has it. */
  find(inode: number, pid: number): KnownSocket | null {
    const internet = this.internet.get(inode);
    if (internet !== undefined) return internet;
    if (!this.#internetOnly) {
      this.#others ??= this.#readHome();
      const other = this.#others.get(inode);
      if (other !== undefined) return other;
    }
    return this.#findForeign(inode, pid);
  }

  /** True for a socket of our own network namespace, once {@linkcode find} has been asked. */
  isHome(inode: number): boolean {
    return this.#internet.has(inode) || this.#others?.has(inode) === true;
  }

  // Most sockets of a process were made in the namespace that it is in.
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

  // Every user may read /proc/PID/net, which shows the namespace of the process. Entering it would need CAP_SYS_ADMIN.
  #readForeignInternet(pid: number, sockets: Map<number, KnownSocket>): void {
    const table = new InternetSockets();
    const inodes: number[] = [];
    for (const [name, protocol] of PROTOCOLS) {
      for (const family of [AF_INET6, AF_INET]) {
        const file = family === AF_INET6 ? `${name}6` : name;
        const bytes = this.#read(`${pid}/net/${file}`);
        if (typeof bytes === "number") continue;
        try {
          inetProcTable(file, family).parse(bytes, (view, start, end) => {
            inodes.push(table.add(view, start, end, protocol));
          });
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          this.#diagnostics.gap({
            kind: "table",
            reason: `/proc/${pid}/net/${file} could not be read: ${error.message}`,
            detail: { table: file, pid },
          });
        }
      }
    }
    for (const inode of inodes) if (inode !== 0) sockets.set(inode, table.get(inode)!);
  }

  // lsof looks for SCTP here alone.
  #readHome(): Map<number, KnownSocket> {
    const net = "thread-self/net";
    const sockets = this.#readOthers(net);
    for (const [inode, row] of readSctpSockets((file) => this.#text(`${net}/${file}`))) {
      sockets.set(inode, { kind: "sctp", row });
    }
    return sockets;
  }

  #read(path: string): Uint8Array<ArrayBuffer> | number {
    const bytes = this.#root.read(path);
    if (typeof bytes === "number") this.#missed(path, bytes);
    return bytes;
  }

  #text(path: string): string {
    const bytes = this.#read(path);
    return typeof bytes === "number" ? "" : latin1Text(bytes);
  }

  // Sockets of a table that could not be read are listed without a name, or not at all.
  #missed(path: string, result: number): void {
    // Kernels may lack a protocol, though not these, and processes end. Ours has not.
    const isOurs = path.startsWith("thread-self/") && this.#root.isLive;
    const isThere = isOurs && /\/(unix|netlink)$/.test(path);
    const absent = isThere ? [] : isOurs ? [ENOENT] : [ENOENT, ENOTDIR, ESRCH];
    if (absent.includes(-result)) return;
    this.#diagnostics.gap({
      kind: "table",
      reason: `/proc/${path} could not be read: ${errnoText(-result)} (${errnoName(-result)})`,
      detail: { table: path.slice(path.lastIndexOf("/") + 1) },
    });
  }

  #readOthers(net: string): Map<number, KnownSocket> {
    const sockets = new Map<number, KnownSocket>();
    const text = (file: string) => this.#text(`${net}/${file}`);
    for (const row of parseUnixTable(text("unix"))) sockets.set(row.inode, { kind: "unix", row });
    const hexadecimal: readonly ("raw" | "raw6" | "icmp")[] = this.#query.skipInternet
      ? ["raw", "icmp"]
      : ["raw", "raw6", "icmp"];
    for (const kind of hexadecimal) {
      const bytes = this.#read(`${net}/${kind}`);
      if (typeof bytes === "number") continue;
      for (const row of hexRows(kind, bytes)) sockets.set(row.inode, { kind, row });
    }
    // As lsof does, a line of another form is passed over: its socket is listed without a name.
    const passOver = () => {};
    eachNetlinkRow(
      text("netlink"),
      (row) => sockets.set(row.inode, { kind: "netlink", row }),
      passOver,
    );
    eachPacketRow(
      text("packet"),
      (row) => sockets.set(row.inode, { kind: "packet", row }),
      passOver,
    );
    sockets.delete(0);
    return sockets;
  }
}
