/**
 * The inet family: TCP, MPTCP, UDP, UDP-Lite, SCTP, DCCP, raw and ping sockets over IPv4 and IPv6.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import type { SocketType, Transport } from "../../model/socket.ts";
import {
  ALL_STATES,
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_CLOSE,
  TCP_LISTEN,
} from "../../model/state.ts";
import type { StateMask } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import { hasPort, type PortRange } from "../../model/port_range.ts";
import type { DiagRequest, Family, ProcTable, ServiceFacts, SharedDump } from "../family.ts";
import { meaningOf } from "../meaning.ts";
import { internetEndpoint } from "./endpoint.ts";
import { InetMessage } from "./message.ts";
import { TCPDIAG_GETSOCK } from "../../netlink/message_types.ts";
import type { Pushdown } from "./pushdown.ts";
import { bothVersionsRequest, dumpRequest, tcpStates } from "./request.ts";
import { type InetRowKind, inetState } from "./row_kind.ts";
import type { InetSubject } from "./subject.ts";
import { type InetRowTest, inetSocket, InetTable } from "./table.ts";
import * as uapi from "./uapi.ts";

// Modules that most listings do not need are loaded when they are used.
const destroyModule = () => require("./destroy.ts") as typeof import("./destroy.ts");
const procModule = () => require("./proc.ts") as typeof import("./proc.ts");
const pushdownModule = () => require("./pushdown.ts") as typeof import("./pushdown.ts");
const sctpProcModule = () => require("./sctp_proc.ts") as typeof import("./sctp_proc.ts");
const subjectModule = () => require("./subject.ts") as typeof import("./subject.ts");

/** One transport of the family. */
interface InetTransport {
  readonly transport: Transport;
  readonly type: SocketType | null;
  /** IPPROTO_* for sock_diag; `null` where the kernel has no handler. */
  readonly protocol: number | null;
  /** The states in which such a socket can be talked to. */
  readonly servers: StateMask;
  /** True if the kernel has a table of its own for sockets that are only bound. */
  readonly boundInactive: boolean;
  /** If /proc/net has no table: the name in /proc/net/protocols, to which IPv6 adds `v6`. */
  readonly registered?: string;
}

const TRANSPORTS: readonly InetTransport[] = [
  {
    transport: "tcp",
    type: "stream",
    protocol: uapi.IPPROTO_TCP,
    servers: stateMask(TCP_LISTEN),
    boundInactive: true,
  },
  {
    transport: "udp",
    type: "dgram",
    protocol: uapi.IPPROTO_UDP,
    servers: stateMask(TCP_CLOSE),
    boundInactive: false,
  },
  {
    transport: "udplite",
    type: "dgram",
    protocol: uapi.IPPROTO_UDPLITE,
    servers: stateMask(TCP_CLOSE),
    boundInactive: false,
  },
  {
    transport: "raw",
    type: "raw",
    protocol: uapi.IPPROTO_RAW,
    servers: stateMask(TCP_CLOSE),
    boundInactive: false,
  },
  {
    transport: "icmp",
    type: "dgram",
    protocol: null,
    servers: stateMask(TCP_CLOSE),
    boundInactive: false,
  },
  {
    transport: "mptcp",
    type: "stream",
    protocol: uapi.IPPROTO_MPTCP,
    servers: stateMask(TCP_LISTEN),
    boundInactive: false,
    registered: "MPTCP",
  },
  {
    transport: "sctp",
    // SOCK_STREAM or SOCK_SEQPACKET: the kernel does not tell.
    type: null,
    protocol: uapi.IPPROTO_SCTP,
    servers: stateMask(TCP_LISTEN),
    boundInactive: false,
  },
  {
    transport: "dccp",
    type: "dccp",
    protocol: uapi.IPPROTO_DCCP,
    servers: stateMask(TCP_LISTEN),
    boundInactive: false,
    registered: "DCCP",
  },
];

/** All attributes that the kernel only sends on request. */
const ALL_EXTENSIONS = 0xff;
/** The transports whose receive buffers are asked for. */
const DATAGRAMS: ReadonlySet<Transport> = new Set(["udp", "udplite"]);

const BOUND_INACTIVE = stateMask(TCP_BOUND_INACTIVE);

/** For a query without ports and filter. */
const NOTHING_PUSHED: Pushdown = { program: null, states: ALL_STATES };

function requests(query: Query): DiagRequest[] {
  const list: DiagRequest[] = [];
  const { ports, info = false, cgroups = false, receiveBuffers = false } = query;
  const pushed = ports === null && !query.filter
    ? NOTHING_PUSHED
    : pushdownModule().pushdown(query);
  for (const transport of TRANSPORTS) {
    if (!query.transports.has(transport.transport)) continue;
    const parts: RequestPart[] = [];
    for (const family of [AF_INET, AF_INET6]) {
      if (!query.families.has(family === AF_INET ? "inet" : "inet6")) continue;
      const states = (query.states ?? transport.servers) & pushed.states;
      const known = states & ALL_STATES & ~BOUND_INACTIVE;
      const ordinary = transport.protocol === uapi.IPPROTO_TCP ? tcpStates(known) : known;
      if (ordinary !== 0) {
        const made = request(transport, family, ordinary, {
          pushed,
          ports,
          info,
          cgroups,
          receiveBuffers: receiveBuffers && DATAGRAMS.has(transport.transport),
          boundInactive: false,
        });
        parts.push({ states: ordinary, request: made });
      }
      // In a request of its own, because the kernel says CLOSE in its replies. Only if asked for, because the kernel
      // walks all bound sockets for it.
      if (transport.boundInactive && (states & BOUND_INACTIVE) !== 0) {
        const only = { pushed, ports, info, cgroups, receiveBuffers: false, boundInactive: true };
        const made = request(transport, family, BOUND_INACTIVE, only);
        parts.push({ states: BOUND_INACTIVE, request: made });
      }
    }
    if (transport.protocol === uapi.IPPROTO_TCP) {
      for (let i = 0; i < parts.length; i++) {
        if (parts[i]!.request.shared === undefined) {
          share(parts.slice(i), info ? ALL_EXTENSIONS : 0, pushed.program);
        }
      }
    }
    for (const { request } of parts) list.push(request);
  }
  return list;
}

/** A request, and what it asks for. */
interface RequestPart {
  readonly states: StateMask;
  readonly request: DiagRequest & { shared?: SharedDump | undefined };
}

// Gives requests for the same of both versions one dump that answers them.
function share(
  [first, ...others]: readonly RequestPart[],
  extensions: number,
  bytecode: Uint8Array | null,
): void {
  const other = others.find(({ states }) => states === first?.states);
  if (first === undefined || other === undefined) return;
  const { states } = first;
  const shared: SharedDump = {
    get message() {
      return bothVersionsRequest(TCPDIAG_GETSOCK, { states, extensions, bytecode });
    },
    requests: [first.request, other.request],
  };
  for (const request of shared.requests as RequestPart["request"][]) request.shared = shared;
}

interface RequestOptions {
  readonly pushed: Pushdown;
  readonly ports: readonly PortRange[] | null;
  readonly info: boolean;
  readonly cgroups: boolean;
  readonly receiveBuffers: boolean;
  readonly boundInactive: boolean;
}

function request(
  transport: InetTransport,
  family: number,
  states: StateMask,
  { pushed, ports, info, cgroups, receiveBuffers, boundInactive }: RequestOptions,
): DiagRequest {
  const message = new InetMessage();
  const { protocol } = transport;
  const kind: InetRowKind = {
    transport: transport.transport,
    type: transport.type,
    protocol: protocol ?? 0,
    boundInactive,
  };
  // Only made if there is a filter.
  let known: InetSubject | undefined;
  const subject = () => known ??= new (subjectModule().InetSubject)(message, kind);
  const extensions = info
    ? ALL_EXTENSIONS
    : receiveBuffers
    ? uapi.extension(uapi.INET_DIAG_SKMEMINFO)
    : 0;
  const ask = (bytecode: Uint8Array | null) =>
    protocol === null ? null : dumpRequest({ family, protocol, states, extensions, bytecode });
  const version = family === AF_INET6 ? "IPv6" : "IPv4";
  const test: InetRowTest = {
    wants(message, context) {
      // Everything is tested again, except for the state, by which the kernel filters but /proc does not.
      if (!boundInactive && (states & 1 << inetState(message, kind)) === 0) return false;
      // A kernel that does not know INET_DIAG_REQ_PROTOCOL sends raw sockets, which can be told by INET_DIAG_PROTOCOL.
      if (kind.transport === "mptcp" && message.has(uapi.INET_DIAG_PROTOCOL)) return false;
      if (ports !== null && !hasPort(ports, message.sourcePort)) return false;
      const { filter } = context;
      return filter === undefined ||
        filter.wants(subject().of(message, context, filter));
    },
    facts() {
      const { ifindex, mark, cgroupId } = subject();
      return { ifindex, mark, cgroupId };
    },
    // A kernel that does not know the protocol of MPTCP sends other sockets, which attributes tell.
    states: ports === null && kind.transport !== "mptcp" ? states : null,
    info,
    cgroups,
    receiveBuffers,
  };
  return {
    label: boundInactive
      ? `bound ${kind.transport} over ${version}`
      : `${kind.transport} over ${version}`,
    message: ask(pushed.program),
    ...(pushed.program === null ? {} : { unfiltered: ask(null) }),
    get table() {
      return boundInactive || transport.registered !== undefined
        ? null
        : procTable(kind.transport, family);
    },
    ...(transport.registered === undefined ? {} : {
      protocol: family === AF_INET6 ? `${transport.registered}v6` : transport.registered,
    }),
    get counters() {
      return counters(kind.transport, version, boundInactive);
    },
    decode(view, start, end, context) {
      message.at(view, start, end);
      return test.wants(message, context) ? inetSocket(message, kind, context) : null;
    },
    sockets: (context) => new InetTable(kind, context, test),
    ...(protocol === null ? {} : {
      destroy: (view: DataView, start: number, end: number) =>
        destroyModule().destroyRequest(message.at(view, start, end), protocol),
    }),
  };
}

function procTable(transport: Transport, family: number): ProcTable {
  if (transport === "sctp") return sctpProcModule().sctpProcTable(family);
  return procModule().inetProcTable(family === AF_INET6 ? `${transport}6` : transport, family);
}

// Sockets that are only bound are not counted as TCP. TIME-WAIT has one counter for IPv4 and IPv6.
function counters(transport: Transport, version: string, boundInactive: boolean): string[] {
  if (boundInactive) return ["sockets used"];
  // The others are not in sockstat.
  if (!["tcp", "udp", "udplite", "raw"].includes(transport)) return [];
  const inuse = `${transport.toUpperCase()}${version === "IPv6" ? "6" : ""} inuse`;
  return transport === "tcp" ? [inuse, "TCP tw"] : [inuse];
}

function serves({ state, transport, peer }: ServiceFacts): boolean {
  return peer === null && (state === "listen" || transport !== "tcp" && state === "close");
}

/** The inet family. */
export const inet: Family = {
  name: "inet",
  label: ({ family, transport }) => family === "inet6" ? `${transport}6` : transport,
  endpoint: internetEndpoint,
  filtersRows: true,
  requests,
  serves,
  meaning: (socket) => meaningOf(socket, serves(socket)),
  fullQueue: "further connections are dropped",
};
