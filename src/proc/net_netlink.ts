/**
 * /proc/net/netlink: the netlink sockets of a network namespace.
 *
 * @module
 */
import { type BadLine, decimal, eachTableLine, hexadecimal, pointer } from "./net_table.ts";

/** A row of the table. */
export interface NetlinkRow {
  /** Address of the kernel's structure in hexadecimal, as the kernel lets it be seen: hashed, or zeros. */
  readonly address: string;
  /** NETLINK_*. */
  readonly protocol: number;
  /** 0 for the kernel's own socket. */
  readonly portId: number;
  /** The first 32 groups, group 1 in the lowest bit. */
  readonly groups: number;
  /** Bytes waiting to be read. */
  readonly receiveMemory: number;
  /** Bytes on their way to others. */
  readonly sendMemory: number;
  /** True while a dump is under way. */
  readonly dumping: boolean;
  /** Messages that were lost because the receive queue was full. */
  readonly drops: number;
  readonly inode: number;
}

const WORD = 0xffff_ffff;

/**
 * Calls `take` with each row. Fields (net/netlink/af_netlink.c): `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode`; pointer
 * and groups are hexadecimal. Throws {@linkcode DecodeError} for any other line, unless `bad` takes it.
 *
 * ```ts
 * const protocols: number[] = [];
 * eachNetlinkRow(text, (row) => protocols.push(row.protocol));
 * ```
 */
export function eachNetlinkRow(
  text: string,
  take: (row: NetlinkRow) => void,
  bad?: BadLine,
): void {
  eachTableLine("netlink", text, (fields, line) => {
    take({
      address: pointer(fields[0], "pointer", line),
      protocol: decimal(fields[1], 255, "protocol", line),
      portId: decimal(fields[2], WORD, "port ID", line),
      groups: hexadecimal(fields[3], WORD, "groups", line),
      receiveMemory: decimal(fields[4], WORD, "rmem", line),
      sendMemory: decimal(fields[5], WORD, "wmem", line),
      // Old kernels (3.10) print the address of the dump's structure, which is 0 without a dump or without permission.
      dumping: /[^0]/.test(pointer(fields[6], "dump", line)),
      drops: decimal(fields[8], WORD, "drops", line),
      inode: decimal(fields[9], WORD, "inode", line),
    });
  }, bad);
}
