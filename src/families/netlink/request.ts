/**
 * Requests: struct netlink_diag_req in a netlink message.
 *
 * @module
 */
import { AF_NETLINK } from "../../../ffi/socket.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/message.ts";
import { NO_COOKIE } from "../diag_message.ts";
import { NDIAG_PROTO_ALL, SOCK_DIAG_BY_FAMILY } from "./uapi.ts";

/** Builds a dump request over all protocols. `show` is made of NDIAG_SHOW_*. */
export function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  return new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(AF_NETLINK)
    .u8(NDIAG_PROTO_ALL)
    .u16(0)
    .u32(0)
    .u32(show)
    .u32(NO_COOKIE)
    .u32(NO_COOKIE)
    .finish();
}
