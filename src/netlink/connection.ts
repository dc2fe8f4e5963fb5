/**
 * A netlink socket, and the interface by which a test or a recording takes the place of the kernel.
 *
 * @module
 */
import { close } from "../../ffi/files.ts";
import { ReceiveSlots, SendMessage } from "../../ffi/memory.ts";
import {
  AF_NETLINK,
  bindNetlink,
  receiveMany,
  sendMessage,
  setIntOption,
  SO_RCVBUF,
  SOCK_RAW,
  socket,
  SOL_NETLINK,
  SOL_SOCKET,
} from "../../ffi/socket.ts";
import { SyscallError } from "../../ffi/errno.ts";

/** Source: include/uapi/linux/netlink.h. */
export const NETLINK_ROUTE = 0;
export const NETLINK_SOCK_DIAG = 4;
export const NETLINK_NETFILTER = 12;
export const NETLINK_GENERIC = 16;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;

/** Datagrams as they were received: slot `i` begins at `i * slotSize` in `data`. */
export interface Datagrams {
  readonly data: DataView;
  readonly slotSize: number;
  length(i: number): number;
  /** MSG_TRUNC when the datagram did not fit its slot. */
  flags(i: number): number;
  /** Port ID of the sender: 0 is the kernel. Anybody may send to a netlink socket, so this is checked. */
  senderPortId(i: number): number;
}

/** Carries requests one way and datagrams the other. */
export interface NetlinkSocket {
  /** Our own port ID, which replies carry. */
  readonly portId: number;
  /** The buffers that {@linkcode receive} fills. */
  readonly datagrams: Datagrams;
  send(request: Uint8Array): void;
  /** Waits for datagrams. Returns how many slots were filled. What they hold is valid until the next call. */
  receive(): number;
  close(): void;
}

/** Sees what goes through connections, without changing it. */
export interface ConnectionObserver {
  opened(connection: Connection): void;
  /** Before `request` is sent. It is valid during the call only. */
  sent(connection: Connection, request: Uint8Array): void;
  /** After `count` slots of the connection's datagrams were filled. */
  received(connection: Connection, count: number): void;
}

let observer: ConnectionObserver | null = null;

/** Has every connection that is opened or used from now on observed; `null` ends it. */
export function observeConnections(by: ConnectionObserver | null): void {
  observer = by;
}

// The kernel makes dump chunks of at most 32 KiB; larger buffers gain nothing. 32 of them turn some 770 system
// calls for 200,000 sockets into 24, and pages that are never filled are never touched.
const SLOT_SIZE = 32 * 1024;
const SLOT_COUNT = 32;
const RECEIVE_BUFFER_SIZE = 1024 * 1024;

/**
 * A netlink socket of the kernel.
 *
 * ```ts
 * import { Connection, NETLINK_ROUTE } from "./src/netlink/mod.ts";
 *
 * const RTMGRP_LINK = 1;
 * // Joins a multicast group: what happens to links comes by itself from now on.
 * const events = new Connection(NETLINK_ROUTE, RTMGRP_LINK);
 * console.log(events.portId > 0); // → true
 * events.close();
 * ```
 */
export class Connection implements NetlinkSocket {
  readonly fd: number;
  /** NETLINK_*. */
  readonly protocol: number;
  readonly portId: number;
  readonly datagrams: ReceiveSlots;
  readonly #message = new SendMessage();

  /**
   * Opens a socket for a netlink protocol and joins `groups` (a bit mask). The socket stays in the
   * network namespace that the thread is in now. Throws SyscallError: EPROTONOSUPPORT where the kernel (or a sandbox) has no such protocol.
   */
  constructor(protocol: number, groups = 0) {
    this.fd = socket(AF_NETLINK, SOCK_RAW, protocol);
    this.protocol = protocol;
    try {
      this.portId = bindNetlink(this.fd, groups);
      // Each of these only makes errors clearer or overruns rarer: refusal is no reason to stop.
      // A dump is made while it is received, so only what comes by itself can overrun the buffer.
      if (groups !== 0) this.#try(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_SIZE);
      this.#try(SOL_NETLINK, NETLINK_EXT_ACK, 1);
      this.#try(SOL_NETLINK, NETLINK_CAP_ACK, 1);
    } catch (error) {
      close(this.fd);
      throw error;
    }
    this.datagrams = new ReceiveSlots(SLOT_COUNT, SLOT_SIZE);
    observer?.opened(this);
  }

  #try(level: number, option: number, value: number): void {
    try {
      setIntOption(this.fd, level, option, value);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
    }
  }

  send(request: Uint8Array): void {
    observer?.sent(this, request);
    this.#message.set(request);
    sendMessage(this.fd, this.#message);
  }

  receive(): number {
    const count = receiveMany(this.fd, this.datagrams);
    observer?.received(this, count);
    return count;
  }

  close(): void {
    close(this.fd);
  }
}
