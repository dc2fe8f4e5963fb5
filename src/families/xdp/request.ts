/**
 * Requests: struct xdp_diag_req in a netlink message.
 *
 * @module
 */
import { beginDump, endDump } from "../diag_request.ts";
import { AF_XDP } from "./uapi.ts";

/** Builds a dump request. `show` is made of XDP_SHOW_*. The kernel knows no filter. */
export function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  return endDump(beginDump(AF_XDP), show);
}
