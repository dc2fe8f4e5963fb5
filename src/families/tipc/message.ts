/**
 * TipcMessage: one reply of the TIPC diag handler, read in place.
 *
 * @module
 */
import { DecodeError } from "../../model/decode_error.ts";
import { AttributeCursor } from "../../netlink/attribute.ts";
import { DiagMessage } from "../diag_message.ts";
import * as uapi from "./uapi.ts";

const NOTHING = new DataView(new ArrayBuffer(0));

/** A window on one reply. It has no struct, only a nest of attributes; two of those are nests again. */
export class TipcMessage extends DiagMessage {
  /** Attributes TIPC_NLA_CON_*; none when not connected. */
  readonly connection = new DiagMessage("TIPC_NLA_SOCK_CON", 0, uapi.TIPC_NLA_CON_MAX);
  /** Attributes TIPC_NLA_SOCK_STAT_*. */
  readonly stat = new DiagMessage("TIPC_NLA_SOCK_STAT", 0, uapi.TIPC_NLA_SOCK_STAT_MAX);
  readonly #outer = new AttributeCursor(NOTHING, 0, 0);

  constructor() {
    super("TIPC_NLA_SOCK", 0, uapi.TIPC_NLA_SOCK_MAX);
  }

  override at(view: DataView, start: number, end: number): this {
    const outer = this.#outer;
    outer.reset(view, start, end);
    while (outer.next()) {
      if (outer.type !== uapi.TIPC_NLA_SOCK) continue;
      super.at(view, outer.offset, outer.offset + outer.length);
      this.#nest(this.connection, uapi.TIPC_NLA_SOCK_CON);
      this.#nest(this.stat, uapi.TIPC_NLA_SOCK_STAT);
      return this;
    }
    throw new DecodeError("TIPC reply", start, "there is no TIPC_NLA_SOCK in it");
  }

  #nest(nest: DiagMessage, type: number): void {
    const offset = this.attributeOffset(type);
    if (offset < 0) nest.at(NOTHING, 0, 0);
    else nest.at(this.view, offset, offset + this.attributeLength(type));
  }

  /** SOCK_STREAM, SOCK_DGRAM, SOCK_RDM or SOCK_SEQPACKET; -1 where it is missing. */
  get type(): number {
    return this.u32Attribute(uapi.TIPC_NLA_SOCK_TYPE);
  }

  /** A TCP state; -1 where it is missing. */
  get state(): number {
    return this.u32Attribute(uapi.TIPC_NLA_SOCK_TIPC_STATE);
  }

  /** Hash of the node's identity; 0 where it is missing. */
  get node(): number {
    return Math.max(0, this.u32Attribute(uapi.TIPC_NLA_SOCK_ADDR));
  }

  /** Port within the node; 0 where it is missing. */
  get ref(): number {
    return Math.max(0, this.u32Attribute(uapi.TIPC_NLA_SOCK_REF));
  }

  /** True when there is a peer. */
  get connected(): boolean {
    return this.has(uapi.TIPC_NLA_SOCK_CON);
  }

  /** Node of the peer; 0 where it is missing. */
  get peerNode(): number {
    return Math.max(0, this.connection.u32Attribute(uapi.TIPC_NLA_CON_NODE));
  }

  /** Port of the peer within its node; 0 where it is missing. */
  get peerRef(): number {
    return Math.max(0, this.connection.u32Attribute(uapi.TIPC_NLA_CON_SOCK));
  }

  /** 0 where there is none. */
  get inode(): number {
    return Math.max(0, this.u32Attribute(uapi.TIPC_NLA_SOCK_INO));
  }

  /** -1 where it is missing. */
  get uid(): number {
    return this.u32Attribute(uapi.TIPC_NLA_SOCK_UID);
  }

  /** A bigint only from 2^53 on; `null` where it is missing. */
  get cookie(): number | bigint | null {
    const cookie = this.u64Attribute(uapi.TIPC_NLA_SOCK_COOKIE);
    if (cookie === null) return null;
    return cookie < 1n << 53n ? Number(cookie) : cookie;
  }

  /** Messages waiting to be read; -1 where it is missing. */
  get receiveQueue(): number {
    return this.stat.u32Attribute(uapi.TIPC_NLA_SOCK_STAT_RCVQ);
  }

  /** Messages on their way out; -1 where it is missing. */
  get sendQueue(): number {
    return this.stat.u32Attribute(uapi.TIPC_NLA_SOCK_STAT_SENDQ);
  }
}
