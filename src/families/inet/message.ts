/**
 * InetMessage: one inet_diag_msg, read in place.
 *
 * @module
 */
import { AF_INET } from "../../../ffi/socket.ts";
import { formatIpv4, formatIpv6 } from "../../model/endpoint.ts";
import type { InetRow } from "../../store/inet_row.ts";
import { DiagMessage } from "../diag_message.ts";
import {
  INET_DIAG_MAX,
  INET_DIAG_MSG_SIZE,
  MSG_COOKIE,
  MSG_DPORT,
  MSG_DST,
  MSG_EXPIRES,
  MSG_FAMILY,
  MSG_IF,
  MSG_INODE,
  MSG_RETRANS,
  MSG_RQUEUE,
  MSG_SPORT,
  MSG_SRC,
  MSG_STATE,
  MSG_TIMER,
  MSG_UID,
  MSG_WQUEUE,
  PROC_TAIL,
} from "./uapi.ts";

/** A cursor over inet_diag_msg. */
export class InetMessage extends DiagMessage implements InetRow {
  constructor() {
    super("inet_diag_msg", INET_DIAG_MSG_SIZE, INET_DIAG_MAX);
  }

  /** AF_INET or AF_INET6. Kernel: `idiag_family`. */
  get family(): number {
    return this.view.getUint8(this.start + MSG_FAMILY);
  }

  /** Kernel number of the state: see model/state.ts. Kernel: `idiag_state`. */
  get state(): number {
    return this.view.getUint8(this.start + MSG_STATE);
  }

  /** 0 off, 1 retransmit, 2 keepalive, 3 time-wait, 4 persist, 5 delayed ack. Kernel: `idiag_timer`. */
  get timer(): number {
    return this.view.getUint8(this.start + MSG_TIMER);
  }

  /** Retransmits, or probes sent. Kernel: `idiag_retrans`. */
  get retransmits(): number {
    return this.view.getUint8(this.start + MSG_RETRANS);
  }

  /** Milliseconds until the timer fires. Kernel: `idiag_expires`. */
  get expiresMs(): number {
    return this.view.getUint32(this.start + MSG_EXPIRES, true);
  }

  /** Local port, host order. Kernel: `id.idiag_sport`, be16. */
  get sourcePort(): number {
    return this.view.getUint16(this.start + MSG_SPORT, false);
  }

  /** Peer's port, host order. Kernel: `id.idiag_dport`, be16. */
  get destinationPort(): number {
    return this.view.getUint16(this.start + MSG_DPORT, false);
  }

  /** Word `i` of the local address, big-endian; IPv4 has only word 0. Kernel: `id.idiag_src`. */
  sourceWord(i: number): number {
    return this.view.getUint32(this.start + MSG_SRC + 4 * i, false);
  }

  /** Word `i` of the peer's address. Kernel: `id.idiag_dst`. */
  destinationWord(i: number): number {
    return this.view.getUint32(this.start + MSG_DST + 4 * i, false);
  }

  /** Local address as text. */
  get source(): string {
    return this.#address(this.start + MSG_SRC);
  }

  /** Peer's address as text. */
  get destination(): string {
    return this.#address(this.start + MSG_DST);
  }

  #address(at: number): string {
    const { view } = this;
    const first = view.getUint32(at, false);
    if (this.family === AF_INET) return formatIpv4(first);
    return formatIpv6(
      first,
      view.getUint32(at + 4, false),
      view.getUint32(at + 8, false),
      view.getUint32(at + 12, false),
    );
  }

  /** True if there is no peer: the address is the wildcard and the port 0. */
  get unconnected(): boolean {
    const { view, start } = this;
    return view.getUint16(start + MSG_DPORT, false) === 0 &&
      view.getUint32(start + MSG_DST, true) === 0 &&
      (this.family === AF_INET ||
        (view.getUint32(start + MSG_DST + 4, true) === 0 &&
          view.getUint32(start + MSG_DST + 8, true) === 0 &&
          view.getUint32(start + MSG_DST + 12, true) === 0));
  }

  /** Index of the interface the socket is bound to, 0 for none. Kernel: `id.idiag_if`. */
  get interfaceIndex(): number {
    return this.view.getUint32(this.start + MSG_IF, true);
  }

  /** Low half of the cookie. Kernel: `id.idiag_cookie[0]`. */
  get cookieLow(): number {
    return this.view.getUint32(this.start + MSG_COOKIE, true);
  }

  /** High half of the cookie. Kernel: `id.idiag_cookie[1]`. */
  get cookieHigh(): number {
    return this.view.getUint32(this.start + MSG_COOKIE + 4, true);
  }

  /** The cookie, `null` if there is none (both halves all ones). A bigint only from 2^53 on. */
  get cookie(): number | bigint | null {
    return this.cookieAt(MSG_COOKIE);
  }

  /** Bytes to be read; for LISTEN the connections that wait for accept(2). Kernel: `idiag_rqueue`. */
  get receiveQueue(): number {
    return this.view.getUint32(this.start + MSG_RQUEUE, true);
  }

  /** Bytes not acknowledged yet; for LISTEN how many connections may wait. Kernel: `idiag_wqueue`. */
  get sendQueue(): number {
    return this.view.getUint32(this.start + MSG_WQUEUE, true);
  }

  /** User ID; 0 in TIME-WAIT and SYN-RECV means unknown. Kernel: `idiag_uid`. */
  get uid(): number {
    return this.view.getUint32(this.start + MSG_UID, true);
  }

  /** What follows the inode in a line of /proc, with one blank between the fields. Empty for the kernel's own message. */
  procTail(): string {
    const attributes = this.attributes();
    while (attributes.next()) if (attributes.type === PROC_TAIL) return attributes.string();
    return "";
  }

  /** Inode of the descriptor, 0 for none. Kernel: `idiag_inode`. */
  get inode(): number {
    return this.view.getUint32(this.start + MSG_INODE, true);
  }
}
