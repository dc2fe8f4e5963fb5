/**
 * Requests: struct netlink_diag_req in a netlink message.
 *
 * @module
 */
import { AF_NETLINK } from "../../../ffi/socket.ts";
import { beginDump, endDump } from "../diag_request.ts";
import { NDIAG_PROTO_ALL } from "./uapi.ts";

/** Builds a dump request over all protocols. `show` is made of NDIAG_SHOW_*. */
export function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  return endDump(beginDump(AF_NETLINK, NDIAG_PROTO_ALL), show);
}
