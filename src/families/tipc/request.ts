/**
 * Requests: struct tipc_sock_diag_req in a netlink message.
 *
 * @module
 */
import type { StateMask } from "../../model/state.ts";
import { beginDump } from "../diag_request.ts";
import { AF_TIPC } from "./uapi.ts";

/** Builds a dump request. */
export function dumpRequest(states: StateMask): Uint8Array<ArrayBuffer> {
  return beginDump(AF_TIPC).u32(states).finish();
}
