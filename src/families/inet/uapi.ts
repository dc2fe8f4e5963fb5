/**
 * Constants of the inet diag interface.
 *
 * Source: include/uapi/linux/{sock_diag.h,inet_diag.h,in.h}, as of Linux 6.18. All integers are in host byte order unless
 * marked be.
 *
 * @module
 */
import { INET_DIAG_SOCKOPT } from "../../core/inet_diag.ts";

// in.h
export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_DCCP = 33;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_SCTP = 132;
export const IPPROTO_UDPLITE = 136;
export const IPPROTO_RAW = 255;
/** Does not fit the request's byte: asked for by {@linkcode INET_DIAG_REQ_PROTOCOL}. */
export const IPPROTO_MPTCP = 262;

// struct inet_diag_req_v2: family u8 0, protocol u8 1, ext u8 2, pad u8 3 (raw: the protocol), states u32 4, id 8.
export const INET_DIAG_REQ_V2_SIZE = 56;
// struct inet_diag_sockid: sport be16 0, dport be16 2, src be32[4] 4, dst be32[4] 20, if u32 36, cookie u32[2] 40.
export const SOCKID_SIZE = 48;
export const INET_DIAG_NOCOOKIE = 0xffff_ffff;

// struct inet_diag_msg: family u8 0, state u8 1, timer u8 2, retrans u8 3, id 4, expires u32 52, rqueue u32 56,
// wqueue u32 60, uid u32 64, inode u32 68.
export const INET_DIAG_MSG_SIZE = 72;
export const MSG_FAMILY = 0;
export const MSG_STATE = 1;
export const MSG_TIMER = 2;
export const MSG_RETRANS = 3;
export const MSG_SOCKID = 4;
export const MSG_SPORT = 4;
export const MSG_DPORT = 6;
export const MSG_SRC = 8;
export const MSG_DST = 24;
export const MSG_IF = 40;
export const MSG_COOKIE = 44;
export const MSG_EXPIRES = 52;
export const MSG_RQUEUE = 56;
export const MSG_WQUEUE = 60;
export const MSG_UID = 64;
export const MSG_INODE = 68;

// Attributes of a request.
export const INET_DIAG_REQ_BYTECODE = 1;
export const INET_DIAG_REQ_PROTOCOL = 3;

// Attributes of a reply. One of the first eight is asked for by bit `1 << (number - 1)` of `idiag_ext`.
export * from "../../core/inet_diag.ts";
/** The last attribute this program knows. */
export const INET_DIAG_MAX = INET_DIAG_SOCKOPT;

/**
 * Not the kernel's: what a line of /proc has beyond the fields of the message, as text, its words parted by one blank.
 * For TCP: `references address rto ato quick-ack cwnd ssthresh`, of which the last five may be missing.
 */
export const PROC_TAIL = 0x3f00;

/** The `idiag_ext` bit that asks for an attribute. Throws RangeError for one that has none. */
export function extension(attribute: number): number {
  if (attribute < 1 || attribute > 8) {
    throw new RangeError(`Cannot ask for attribute ${attribute} by idiag_ext: it has 8 bits`);
  }
  return 1 << (attribute - 1);
}

/** Bytes of struct sockaddr_storage: include/uapi/linux/socket.h. */
export const SOCKADDR_STORAGE_SIZE = 128;
