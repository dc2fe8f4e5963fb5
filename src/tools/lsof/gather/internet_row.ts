/**
 * InternetRow: a TCP, UDP or UDP-Lite socket that a process holds.
 *
 * There may be very many, so a row has few members of its own. The rest is read from the socket, or is the same for all.
 *
 * @module
 */
import { type FileRow, NO_ADDITIONS } from "../rows/row.ts";
import type { InternetSocket } from "./internet_sockets.ts";

/** Protocols as the NODE column shows them. */
export const PROTOCOL_NAMES = { tcp: "TCP", udp: "UDP", udplite: "UDPLITE" } as const;

/** The row of one descriptor. */
export class InternetRow implements FileRow {
  readonly descriptor: number;
  readonly ends: InternetSocket;
  /** 0, or `null` where offsets are not to be shown. */
  readonly offset: 0 | null;
  additions = NO_ADDITIONS;
  flags: number | null = null;

  constructor(descriptor: number, socket: InternetSocket, offset: 0 | null) {
    this.descriptor = descriptor;
    this.ends = socket;
    this.offset = offset;
  }

  get state(): InternetSocket {
    return this.ends;
  }

  get type(): string {
    return this.ends.version === 4 ? "IPv4" : "IPv6";
  }

  get protocol(): string {
    return PROTOCOL_NAMES[this.ends.protocol];
  }

  get deviceText(): number {
    return this.ends.inode;
  }

  get access(): string {
    return "u";
  }

  get lock(): string {
    return " ";
  }

  get device(): null {
    return null;
  }

  get specialDevice(): null {
    return null;
  }

  get size(): null {
    return null;
  }

  get linkCount(): null {
    return null;
  }

  get inode(): null {
    return null;
  }

  get name(): null {
    return null;
  }
}
