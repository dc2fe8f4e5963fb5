/**
 * NetlinkError: what the kernel answers when it refuses, with its extended-ack text.
 *
 * struct nlmsgerr (include/uapi/linux/netlink.h): error s32 0 (a negated errno, 0 is an acknowledgement), then the
 * header of the offending request and, unless NLM_F_CAPPED, its body; then, with NLM_F_ACK_TLVS, attributes.
 *
 * @module
 */
import { errnoName, errnoText } from "../../ffi/errno.ts";
import { AttributeCursor } from "./attribute.ts";
import { align, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_HEADER_SIZE } from "./header.ts";
import type { MessageCursor } from "./message.ts";

const NLMSGERR_ATTR_MSG = 1;
const NLMSGERR_ATTR_OFFS = 2;

/**
 * The kernel refused a request.
 *
 * ```ts
 * import { Connection, execute, MessageBuilder, NETLINK_ROUTE, NetlinkError, NLM_F_ACK, NLM_F_REQUEST } from "./src/netlink/mod.ts";
 *
 * const RTM_GETLINK = 18;
 * const route = new Connection(NETLINK_ROUTE);
 * try {
 *   // There is no interface with this number.
 *   const body = new Uint8Array([0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0]);
 *   const request = new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK).bytes(body).finish();
 *   execute(route, request, "look at a link");
 * } catch (error) {
 *   if (!(error instanceof NetlinkError)) throw error;
 *   console.log(error.code); // → ENODEV
 * } finally {
 *   route.close();
 * }
 * ```
 */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  /** What was asked: `dump of tcp over IPv4`. */
  readonly operation: string;
  readonly errno: number;
  /** Symbolic name of {@linkcode errno}. */
  readonly code: string;
  /** The kernel's own explanation, where it gave one. */
  readonly extack: string | null;
  /** Offset of the offending byte in the request, where the kernel named it. */
  readonly offset: number | null;

  constructor(
    operation: string,
    errno: number,
    extack: string | null = null,
    offset: number | null = null,
  ) {
    super(
      `${operation}: ${errnoText(errno)} (${errnoName(errno)})${
        extack === null ? "" : `: ${extack}`
      }`,
    );
    this.operation = operation;
    this.errno = errno;
    this.code = errnoName(errno);
    this.extack = extack;
    this.offset = offset;
  }
}

/**
 * The verdict of an NLMSG_ERROR or NLMSG_DONE message: `null` for success. A DONE without a body is a success, as
 * old kernels send it.
 */
export function verdict(message: MessageCursor, operation: string): NetlinkError | null {
  const { view, start, end } = message;
  if (end - start < 4) return null;
  const error = view.getInt32(start, true);
  if (error >= 0) return null;
  let extack: string | null = null;
  let offset: number | null = null;
  if ((message.flags & NLM_F_ACK_TLVS) !== 0) {
    const attributes = new AttributeCursor(view, Math.min(end, attributesStart(message)), end);
    while (attributes.next()) {
      if (attributes.type === NLMSGERR_ATTR_MSG) extack = attributes.string();
      else if (attributes.type === NLMSGERR_ATTR_OFFS) offset = attributes.u32();
    }
  }
  return new NetlinkError(operation, -error, extack, offset);
}

function attributesStart(message: MessageCursor): number {
  const { view, start, end } = message;
  if (message.type === NLMSG_DONE) return start + 4;
  const request = start + 4;
  if (end - request < NLMSG_HEADER_SIZE) return end;
  const length = (message.flags & NLM_F_CAPPED) !== 0
    ? NLMSG_HEADER_SIZE
    : view.getUint32(request, true);
  return request + align(length);
}
