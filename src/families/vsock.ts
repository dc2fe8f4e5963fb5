/**
 * The vsock family: sockets between virtual machines and their host.
 *
 * Source: include/uapi/linux/{vm_sockets_diag.h,vm_sockets.h}, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */
import { AF_VSOCK } from "../model/address_family.ts";
import type { Reach, Socket, VsockEndpoint } from "../model/socket.ts";
import { socketType } from "../model/socket_type.ts";
import { type StateMask, stateMask, stateName, TCP_CLOSE, TCP_LISTEN } from "../model/state.ts";
import type { Query } from "../query.ts";
import { type DiagCursor, diagCursor, type MessageLayout } from "./diag_cursor.ts";
import { beginDump } from "./diag_request.ts";
import type { DecodeContext, DiagRequest, Family, ServiceFacts } from "./family.ts";
import { hasPort } from "../model/port_range.ts";
import type { EndpointTraits } from "./family.ts";
import { meaningOf } from "./meaning.ts";
import { newSocket } from "./new_socket.ts";

/** VMADDR_CID_ANY and VMADDR_PORT_ANY. */
export const VMADDR_ANY = 0xffff_ffff;
/** This machine itself, whether it is the host or a guest. */
const VMADDR_CID_LOCAL = 1;
const VMADDR_CID_HOST = 2;

// struct vsock_diag_req: family u8 0, protocol u8 1, pad u16 2, states u32 4, ino u32 8, show u32 12, cookie u32[2] 16.
export const VSOCK_DIAG_REQ_SIZE = 24;

const LAYOUT = {
  struct: "vsock_diag_msg",
  size: 32,
  fields: {
    /** SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET. Kernel: `vdiag_type`. */
    type: { type: "u8", at: 1 },
    /** A TCP state. Kernel: `vdiag_state`. */
    state: { type: "u8", at: 2 },
    /** 1 RCV_SHUTDOWN, 2 SEND_SHUTDOWN. Kernel: `vdiag_shutdown`. */
    shutdown: { type: "u8", at: 3 },
    /** Kernel: `vdiag_src_cid`. */
    sourceCid: { type: "u32", at: 4 },
    /** Kernel: `vdiag_src_port`. */
    sourcePort: { type: "u32", at: 8 },
    /** VMADDR_ANY, as the port, where there is no peer. Kernel: `vdiag_dst_cid`. */
    destinationCid: { type: "u32", at: 12 },
    /** Kernel: `vdiag_dst_port`. */
    destinationPort: { type: "u32", at: 16 },
    /** 0 while nobody has accepted the connection. Kernel: `vdiag_ino`. */
    inode: { type: "u32", at: 20 },
    /** Kernel: `vdiag_cookie`. */
    cookie: { type: "cookie", at: 24 },
  },
  // The kernel sends none today.
  attributes: {},
} as const satisfies MessageLayout;

/** A cursor over vsock_diag_msg. */
export type VsockMessage = DiagCursor<typeof LAYOUT.fields>;

/** Makes a cursor. */
export function vsockMessage(): VsockMessage {
  return diagCursor(LAYOUT);
}

/** Builds a dump request. The kernel insists that all fields but family and states are 0, even the cookie. */
export function dumpRequest(states: StateMask): Uint8Array<ArrayBuffer> {
  return beginDump(AF_VSOCK).u32(states).zeros(16).finish();
}

const LOCAL: Reach = { scope: "loopback", reasons: ["vsock context 1 never leaves the machine"] };
const MACHINES: Reach = {
  scope: "private",
  reasons: ["vsock: reached by the hypervisor and the virtual machines on it"],
};

/** Makes a Socket; `null` for a type that this program does not know. */
export function vsockSocket(message: VsockMessage, context: DecodeContext): Socket | null {
  const type = socketType(message.type);
  if (type === null) return null;
  const { sourceCid, destinationCid, destinationPort, inode, cookie } = message;
  return newSocket(context, {
    family: "vsock",
    transport: type,
    type,
    state: stateName(message.state),
    local: { cid: sourceCid, port: message.sourcePort },
    peer: destinationCid === VMADDR_ANY && destinationPort === VMADDR_ANY
      ? null
      : { cid: destinationCid, port: destinationPort },
    inode,
    cookie,
    reach: sourceCid === VMADDR_CID_LOCAL ? LOCAL : MACHINES,
  });
}

const CIDS: Readonly<Record<number, string>> = {
  [VMADDR_ANY]: "*",
  [VMADDR_CID_LOCAL]: "local",
  [VMADDR_CID_HOST]: "host",
};

/** A context ID and a port: `3:1024`, `host:1024`, `*:*`. */
export const vsockEndpoint: EndpointTraits = {
  text: ({ cid, port }: VsockEndpoint) => `${CIDS[cid] ?? cid}:${port === VMADDR_ANY ? "*" : port}`,
  // With a wildcard for the context ID it may be an internet port as well, if it is not too large for one.
  prints: (text) =>
    /^(?:(?:local|host|\d+):(?:\d+|\*)|\*:\*)$/.test(text) ||
    /^\*:\d{5,10}$/.test(text) && Number(text.slice(2)) > 0xffff,
  json: ({ cid, port }: VsockEndpoint) => ({ cid, port }),
  rank: ({ port }: VsockEndpoint) => port,
  compare: (a: VsockEndpoint, b: VsockEndpoint) => a.cid - b.cid || a.port - b.port,
};

function requests({ families, states, ports }: Query): DiagRequest[] {
  if (!families.has("vsock")) return [];
  const message = vsockMessage();
  const wanted = (socket: Socket) =>
    (states !== null || serves(socket)) &&
    (ports === null || hasPort(ports, vsockEndpoint.rank(socket.local)));
  return [{
    label: "vsock",
    message: dumpRequest(states ?? stateMask(TCP_LISTEN, TCP_CLOSE)),
    table: null,
    protocol: "AF_VSOCK",
    decode(view, start, end, context) {
      const socket = vsockSocket(message.at(view, start, end), context);
      return socket !== null && wanted(socket) ? socket : null;
    },
  }];
}

// An unconnected stream socket cannot be talked to.
function serves({ state, transport, peer }: ServiceFacts): boolean {
  return state === "listen" || transport === "dgram" && peer === null;
}

/** The vsock family. */
export const vsock: Family = {
  name: "vsock",
  label: ({ transport }) => `vsock-${transport}`,
  endpoint: vsockEndpoint,
  requests,
  serves,
  meaning: (socket) => meaningOf(socket, serves(socket)),
  fullQueue: "further connections are refused",
};
