/**
 * Requests: struct vsock_diag_req in a netlink message.
 *
 * @module
 */
import type { StateMask } from "../../model/state.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/message.ts";
import { AF_VSOCK, SOCK_DIAG_BY_FAMILY } from "./uapi.ts";

/** Builds a dump request. */
export function dumpRequest(states: StateMask): Uint8Array<ArrayBuffer> {
  return new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(AF_VSOCK)
    .zeros(3)
    .u32(states)
    .zeros(16)
    .finish();
}
