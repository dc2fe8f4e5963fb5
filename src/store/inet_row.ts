/**
 * InetRow: the fixed fields of one internet socket, by the names that a message of the kernel has for them.
 *
 * @module
 */

/**
 * A message that still is in the receive buffer, or a record of the store. Whatever only needs these fields takes either.
 *
 * Kernel: struct inet_diag_msg, linux/inet_diag.h.
 */
export interface InetRow {
  /** AF_INET or AF_INET6. Kernel: `idiag_family`, u8. */
  readonly family: number;
  /** The kernel's number of the state: see model/state.ts. Kernel: `idiag_state`, u8. */
  readonly state: number;
  /** 0 off, 1 retransmit, 2 keepalive, 3 time-wait, 4 persist, 5 delayed ack. Kernel: `idiag_timer`, u8. */
  readonly timer: number;
  /** Retransmits, or probes sent. Kernel: `idiag_retrans`, u8. */
  readonly retransmits: number;
  /** Milliseconds until the timer fires. Kernel: `idiag_expires`, u32. */
  readonly expiresMs: number;
  /** Local port in host order. Kernel: `id.idiag_sport`, be16. */
  readonly sourcePort: number;
  /** The peer's port in host order, 0 without a peer. Kernel: `id.idiag_dport`, be16. */
  readonly destinationPort: number;
  /** Index of the interface that the socket is bound to, 0 for none. Kernel: `id.idiag_if`, u32. */
  readonly interfaceIndex: number;
  /** Low half of the cookie. Kernel: `id.idiag_cookie[0]`, u32. */
  readonly cookieLow: number;
  /** High half of the cookie. Kernel: `id.idiag_cookie[1]`, u32. */
  readonly cookieHigh: number;
  /** Bytes to be read; of a listener the connections that wait. Kernel: `idiag_rqueue`, u32. */
  readonly receiveQueue: number;
  /** Bytes that are not acknowledged; of a listener how many connections may wait. Kernel: `idiag_wqueue`, u32. */
  readonly sendQueue: number;
  /** User ID. In TIME-WAIT and SYN-RECV the kernel writes 0 for "unknown". Kernel: `idiag_uid`, u32. */
  readonly uid: number;
  /** Inode of the descriptor, 0 for none. Kernel: `idiag_inode`, u32. */
  readonly inode: number;
  /** Local address as text. */
  readonly source: string;
  /** The peer's address as text: a wildcard without a peer. */
  readonly destination: string;
  /** Word `i` of the local address in host order; of an IPv4 address only word 0 means anything. Kernel: `id.idiag_src`, be32[4]. */
  sourceWord(i: number): number;
  /** The same of the peer's address. Kernel: `id.idiag_dst`, be32[4]. */
  destinationWord(i: number): number;
}
