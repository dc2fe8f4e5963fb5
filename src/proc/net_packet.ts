/**
 * /proc/net/packet: the packet sockets of a network namespace.
 *
 * @module
 */
import { type BadLine, decimal, eachTableLine, hexadecimal } from "./net_table.ts";

/** A row of the table. */
export interface PacketRow {
  /** SOCK_*. */
  readonly type: number;
  /** EtherType in host byte order; 0 when the socket only sends. */
  readonly ethertype: number;
  /** 0 for all interfaces. */
  readonly interfaceIndex: number;
  /** True while the socket receives frames. */
  readonly running: boolean;
  /** Bytes waiting to be read. */
  readonly receiveMemory: number;
  readonly uid: number;
  readonly inode: number;
}

const WORD = 0xffff_ffff;

/**
 * Calls `take` with each row. Fields (net/packet/af_packet.c): `sk RefCnt Type Proto Iface R Rmem User Inode`; the protocol is
 * hexadecimal, the rest decimal. Throws {@linkcode DecodeError} for any other line, unless `bad` takes it.
 */
export function eachPacketRow(text: string, take: (row: PacketRow) => void, bad?: BadLine): void {
  eachTableLine("packet", text, (fields, line) => {
    take({
      type: decimal(fields[2], 255, "type", line),
      ethertype: hexadecimal(fields[3], 0xffff, "protocol", line),
      interfaceIndex: decimal(fields[4], WORD, "interface", line),
      running: decimal(fields[5], 1, "running", line) === 1,
      receiveMemory: decimal(fields[6], WORD, "rmem", line),
      uid: decimal(fields[7], WORD, "user", line),
      inode: decimal(fields[8], WORD, "inode", line),
    });
  }, bad);
}
