/**
 * Requests: struct unix_diag_req in a netlink message.
 *
 * @module
 */
import { AF_UNIX } from "../../../ffi/socket.ts";
import type { StateMask } from "../../model/state.ts";
import { beginDump, endDump } from "../diag_request.ts";

/** Builds a dump request. `show` is made of UDIAG_SHOW_*. The kernel knows no filter but the states. */
export function dumpRequest(states: StateMask, show: number): Uint8Array<ArrayBuffer> {
  return endDump(beginDump(AF_UNIX).u32(states), show);
}
