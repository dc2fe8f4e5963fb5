/**
 * Requests: struct vsock_diag_req in a netlink message.
 *
 * @module
 */
import type { StateMask } from "../../model/state.ts";
import { beginDump } from "../diag_request.ts";
import { AF_VSOCK } from "./uapi.ts";

/** Builds a dump request. The kernel insists that what is not the family or the states is 0, the cookie included. */
export function dumpRequest(states: StateMask): Uint8Array<ArrayBuffer> {
  return beginDump(AF_VSOCK).u32(states).zeros(16).finish();
}
