/**
 * Requests: struct packet_diag_req in a netlink message.
 *
 * @module
 */
import { AF_PACKET } from "../../../ffi/socket.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/message.ts";
import { NO_COOKIE } from "../diag_message.ts";
import { SOCK_DIAG_BY_FAMILY } from "./uapi.ts";

/** Builds a dump request. `show` is made of PACKET_SHOW_*. The kernel knows no filter. */
export function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  return new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(AF_PACKET)
    .zeros(3)
    .u32(0)
    .u32(show)
    .u32(NO_COOKIE)
    .u32(NO_COOKIE)
    .finish();
}
