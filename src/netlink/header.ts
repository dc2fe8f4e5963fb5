/**
 * The netlink message header and the flags and types that every protocol shares.
 *
 * struct nlmsghdr (include/uapi/linux/netlink.h), 16 bytes, host byte order: len u32 0, type u16 4, flags u16 6,
 * seq u32 8, pid u32 12. The last is a *port ID*: the kernel's name `pid` is a leftover.
 *
 * @module
 */

export const NLMSG_HEADER_SIZE = 16;
// #define NLMSG_ALIGNTO 4U
export const NLMSG_ALIGNTO = 4;

export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;
/** Message types below this belong to netlink itself. */
export const NLMSG_MIN_TYPE = 0x10;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
/** The tables changed during the dump: rows may be missing or doubled. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_ROOT = 0x100;
export const NLM_F_MATCH = 0x200;
export const NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH;
/** On NLMSG_ERROR: the offending request is not repeated in the reply. */
export const NLM_F_CAPPED = 0x100;
/** On NLMSG_ERROR and NLMSG_DONE: extended-ack attributes follow. */
export const NLM_F_ACK_TLVS = 0x200;

// #define NLMSG_ALIGN(len) ( ((len)+NLMSG_ALIGNTO-1) & ~(NLMSG_ALIGNTO-1) )
/** Rounds a length up to the alignment of messages and attributes, which is the same. */
export function align(length: number): number {
  return (length + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1);
}
