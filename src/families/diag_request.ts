/**
 * The parts of sock_diag requests that are the same in all families.
 *
 * Source: include/uapi/linux/sock_diag.h.
 *
 * @module
 */
import { NLM_F_DUMP, NLM_F_REQUEST } from "../netlink/header.ts";
import { MessageBuilder } from "../netlink/builder.ts";
import { SOCK_DIAG_BY_FAMILY } from "../netlink/message_types.ts";
import { NO_COOKIE } from "../model/cookie.ts";

/** Begins a dump request: family u8, protocol u8, and two bytes that most families do not use. */
export function beginDump(family: number, protocol = 0): MessageBuilder {
  return new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(family)
    .u8(protocol)
    .u16(0);
}

/** Ends a request for all sockets: ino u32, show u32, cookie u32[2]. `show` says which attributes are wanted. */
export function endDump(request: MessageBuilder, show: number): Uint8Array<ArrayBuffer> {
  return request.u32(0).u32(show).u32(NO_COOKIE).u32(NO_COOKIE).finish();
}
