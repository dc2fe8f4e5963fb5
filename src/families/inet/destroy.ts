/**
 * Destroy: asks the kernel to close a socket, whoever its owners are.
 *
 * @module
 */
import { ENOENT, EOPNOTSUPP, EPERM } from "../../../ffi/errno.ts";
import type { NetlinkSocket as NetlinkTransport } from "../../netlink/connection.ts";
import type { Expr } from "../../filter/ast.ts";
import { single } from "../../filter/ranges.ts";
import { ALL_STATES } from "../../model/state.ts";
import { dump } from "../../netlink/dump.ts";
import { execute } from "../../netlink/execute.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { NLM_F_ACK, NLM_F_REQUEST, NLMSG_HEADER_SIZE } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/builder.ts";
import { compile } from "./bytecode.ts";
import { InetMessage } from "./message.ts";
import { dumpRequest } from "./request.ts";
import * as uapi from "./uapi.ts";

/**
 * A SOCK_DESTROY request for the socket of a message, with the 48 bytes of struct inet_diag_sockid as they were dumped.
 * `protocol` is that of the dump. `null` without a cookie, as in rows of /proc: addresses alone might close another
 * socket, and an IPv4 request even an IPv6 listener.
 */
export function destroyRequest(
  message: InetMessage,
  protocol: number,
): Uint8Array<ArrayBuffer> | null {
  if (message.cookie === null) return null;
  const { view, start } = message;
  const rawProtocol = Math.max(0, message.u8Attribute(uapi.INET_DIAG_PROTOCOL));
  const request = new MessageBuilder(uapi.SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK)
    .u8(message.family)
    .u8(Math.min(protocol, uapi.IPPROTO_RAW))
    .u8(0)
    // struct inet_diag_req_raw has the protocol of the raw socket instead of the padding.
    .u8(protocol === uapi.IPPROTO_RAW ? rawProtocol : 0)
    .u32(0)
    .bytes(
      new Uint8Array(view.buffer, view.byteOffset + start + uapi.MSG_SOCKID, uapi.SOCKID_SIZE),
    );
  if (protocol > uapi.IPPROTO_RAW) request.u32Attribute(uapi.INET_DIAG_REQ_PROTOCOL, protocol);
  return request.finish();
}

/**
 * What happened. `bound`: a UDP socket lost its peer and its owner got an error, but it keeps the port that it was bound to.
 * `gone`: no socket has this cookie any more. `denied`: it takes CAP_NET_ADMIN. `unsupported`: the kernel was built without
 * CONFIG_INET_DIAG_DESTROY, or the protocol cannot do it.
 */
export type Destroyed = "closed" | "bound" | "gone" | "denied" | "unsupported";

/**
 * Sends a request of {@linkcode destroyRequest} and waits for the answer. Throws {@linkcode NetlinkError} for any other
 * answer, SyscallError if the netlink socket fails. No dump may be under way on the connection.
 */
export function destroy(connection: NetlinkTransport, request: Uint8Array): Destroyed {
  try {
    execute(connection, request, "SOCK_DESTROY");
    return isStillBound(connection, request) ? "bound" : "closed";
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    if (error.errno === ENOENT) return "gone";
    if (error.errno === EPERM) return "denied";
    if (error.errno === EOPNOTSUPP) return "unsupported";
    throw error;
  }
}

// Offsets in a request, with the netlink header.
const REQ_FAMILY = NLMSG_HEADER_SIZE;
const REQ_PROTOCOL = NLMSG_HEADER_SIZE + 1;
const REQ_ID = NLMSG_HEADER_SIZE + 8;

/** Protocols whose sockets only lose their peer. Kernel: udp_abort, which keeps a port given to bind(2). */
const DATAGRAM: readonly number[] = [uapi.IPPROTO_UDP, uapi.IPPROTO_UDPLITE];

// The kernel answers the same in both cases, so its table is read.
function isStillBound(connection: NetlinkTransport, request: Uint8Array): boolean {
  const asked = new DataView(request.buffer, request.byteOffset, request.byteLength);
  const protocol = asked.getUint8(REQ_PROTOCOL);
  if (!DATAGRAM.includes(protocol)) return false;
  const port = asked.getUint16(REQ_ID, false);
  const here: Expr = { kind: "host", end: "source", addresses: [], ports: single(port) };
  const table = dumpRequest({
    family: asked.getUint8(REQ_FAMILY),
    protocol,
    states: ALL_STATES,
    bytecode: compile(here, "sockeye").program,
  });
  const message = new InetMessage();
  const cookie = REQ_ID + uapi.MSG_COOKIE - uapi.MSG_SOCKID;
  let found = false;
  dump(connection, table, "sockets that are left", {
    message(view, start, end) {
      message.at(view, start, end);
      found ||= message.cookieLow === asked.getUint32(cookie, true) &&
        message.cookieHigh === asked.getUint32(cookie + 4, true);
    },
    restart: () => found = false,
  });
  return found;
}
