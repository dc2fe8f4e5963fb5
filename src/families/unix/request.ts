/**
 * Requests: struct unix_diag_req in a netlink message.
 *
 * @module
 */
import { AF_UNIX } from "../../../ffi/socket.ts";
import type { StateMask } from "../../model/state.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/message.ts";
import { NO_COOKIE } from "../diag_message.ts";
import { SOCK_DIAG_BY_FAMILY } from "./uapi.ts";

/** Builds a dump request. `show` is made of UDIAG_SHOW_*. The kernel knows no filter but the states. */
export function dumpRequest(states: StateMask, show: number): Uint8Array<ArrayBuffer> {
  return new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(AF_UNIX)
    .zeros(3)
    .u32(states)
    .u32(0)
    .u32(show)
    .u32(NO_COOKIE)
    .u32(NO_COOKIE)
    .finish();
}
