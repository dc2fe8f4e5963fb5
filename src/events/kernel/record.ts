/**
 * Record: what a program in the kernel tells of one moment, as bytes in the ring.
 *
 * Addresses are in network order, an IPv4 one in the first four bytes; ports and the rest are in the machine's order, which is
 * little-endian on both architectures. 0 stands for what the program does not know.
 *
 * ```text
 *  kind u8 0, flags u8 1, family u16 2, type u16 4, protocol u16 6, time u64 8, cookie u64 16, netns u32 24, uid u32 28,
 *  tid u32 32, tgid u32 36, start u64 40, comm char[16] 48, local u8[16] 64, peer u8[16] 80, local port u16 96,
 *  peer port u16 98, old state u8 100, backlog u32 104, error s32 108, sent u64 112, received u64 120, cgroup u64 128,
 *  parent u32 136, interface u32 140
 *  of a datagram: the process in the key of its flow u32 104; the slot that its flow is counted in u32 120, or 0; of a unix socket
 *  what its flow has in place of an address u64 120
 *  of the end of a count: slot u32 120; datagrams u64 40, bytes u64 112, failed datagrams u64 128
 *  of unix sockets also: local length u16 144, peer length u16 146, local name char[112] 152, peer name char[112] 264
 *  of a process also: argument bytes u32 144, path length u32 148, path char[256] 152, arguments char[384] 408
 * ```
 *
 * @module
 */

/** Kinds of record. */
export const KIND = {
  /** socket(2) made an internet socket. */
  open: 1,
  /** An internet socket got a local address. */
  bind: 2,
  /** A stream socket listens. */
  listen: 3,
  /** connect(2) was called, with this destination. */
  connecting: 4,
  /** A TCP socket sent its SYN. */
  synSent: 5,
  /** A TCP connection that was begun here is established. Nobody's context. */
  connected: 6,
  /** A TCP connection that was begun here came to nothing. Nobody's context. */
  connectFailed: 7,
  /** A TCP connection that was begun elsewhere is established, and not accepted yet. Nobody's context. */
  passive: 8,
  /** accept(2) handed it to this process. */
  accepted: 9,
  /** This process is the first that used it. */
  firstUse: 10,
  /** The first datagram of a socket to a destination. */
  send: 11,
  /** The last descriptor of an internet socket was closed by this process. */
  release: 12,
  /** A TCP socket is done, with its final counters. Nobody's context. */
  closed: 13,
  /** connect(2) of a unix socket. */
  unixConnect: 14,
  /** The first use of a unix socket that somebody was seen to connect to. */
  unixAccepted: 15,
  /** The first datagram of a unix socket to a destination. */
  unixSend: 16,
  /** The first record of a process tells of it before: parent, arguments. */
  process: 17,
  /** A process runs another program. */
  exec: 18,
  /** The last count of a flow, whose slot another one gets. */
  counted: 19,
} as const;

/** Number of kinds, those of the future included: places in the table of losses. */
export const KINDS = 32;

/** Where fields are. */
export const AT = {
  kind: 0,
  flags: 1,
  family: 2,
  type: 4,
  protocol: 6,
  time: 8,
  cookie: 16,
  netns: 24,
  uid: 28,
  tid: 32,
  tgid: 36,
  start: 40,
  comm: 48,
  local: 64,
  peer: 80,
  localPort: 96,
  peerPort: 98,
  oldState: 100,
  backlog: 104,
  error: 108,
  sent: 112,
  received: 120,
  flow: 120,
  flowTgid: 104,
  slot: 120,
  slotCount: 40,
  slotFailed: 128,
  cgroup: 128,
  parent: 136,
  interface: 140,
  localLength: 144,
  peerLength: 146,
  localName: 152,
  peerName: 264,
  argumentBytes: 144,
  pathLength: 148,
  path: 152,
  arguments: 408,
} as const;

/** Bytes of a record, of one about a unix socket, and of one about a process. */
export const RECORD_SIZE = 144;
export const UNIX_RECORD_SIZE = 376;
export const PROCESS_RECORD_SIZE = 792;

/** Room for a name of a unix socket, for the path of a program, and for arguments. */
export const NAME_ROOM = 112;
export const PATH_ROOM = 256;
export const ARGUMENT_ROOM = 384;
export const COMM_ROOM = 16;

/** Bits of `flags`. */
export const FLAG = {
  /** The destination of a send is known. */
  hasPeer: 1,
  /** A process was running on whose behalf this happened. */
  hasProcess: 2,
  /** The peer's end of the connection was closed in order: its FIN is counted as a byte received. */
  finReceived: 4,
  /** The counters are known. */
  hasCounters: 8,
  /** A unix socket that is connected sent the datagram, and did not name a destination. */
  connected: 16,
} as const;

/** Bytes of a record of this kind. */
export function sizeOfKind(kind: number): number {
  switch (kind) {
    case KIND.unixConnect:
    case KIND.unixAccepted:
    case KIND.unixSend:
      return UNIX_RECORD_SIZE;
    case KIND.process:
    case KIND.exec:
      return PROCESS_RECORD_SIZE;
    default:
      return RECORD_SIZE;
  }
}
