/**
 * Requests: struct packet_diag_req in a netlink message.
 *
 * @module
 */
import { AF_PACKET } from "../../../ffi/socket.ts";
import { beginDump, endDump } from "../diag_request.ts";

/** Builds a dump request. `show` is made of PACKET_SHOW_*. The kernel knows no filter. */
export function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  return endDump(beginDump(AF_PACKET), show);
}
