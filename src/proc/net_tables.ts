/**
 * Tables under /proc/net that tell what no diag message does, as rows of text.
 *
 * Text is one character a byte. A line that is not one of the table's is passed over: what the kernel may add one day is no
 * reason to show nothing.
 *
 * @module
 */

/** A row of /proc/net/{raw,raw6,icmp,icmp6}: the kernel's hexadecimal as it stands. */
export interface HexRow {
  readonly local: string;
  readonly remote: string;
  readonly state: string;
  readonly inode: number;
}

/** Parses a table of the raw or ping sockets (net/ipv4/raw.c, ping.c). */
export function parseHexTable(text: string): HexRow[] {
  const rows: HexRow[] = [];
  for (const line of text.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 10 || !/^[0-9A-F]+:[0-9A-F]{4}$/.test(fields[1]!)) continue;
    rows.push({
      local: fields[1]!,
      remote: fields[2]!,
      state: fields[3]!,
      inode: Number(fields[9]),
    });
  }
  return rows;
}

/** A row of /proc/net/netlink. */
export interface NetlinkRow {
  readonly protocol: number;
  readonly inode: number;
}

/** Parses /proc/net/netlink (net/netlink/af_netlink.c): `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode`. */
export function parseNetlinkTable(text: string): NetlinkRow[] {
  const rows: NetlinkRow[] = [];
  for (const line of text.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 10 || !/^\d+$/.test(fields[1]!) || !/^\d+$/.test(fields[9]!)) continue;
    rows.push({ protocol: Number(fields[1]), inode: Number(fields[9]) });
  }
  return rows;
}

/** A row of /proc/net/packet. */
export interface PacketRow {
  /** SOCK_*. */
  readonly type: number;
  /** EtherType, host order. */
  readonly protocol: number;
  readonly inode: number;
}

/** Parses /proc/net/packet (net/packet/af_packet.c): `sk RefCnt Type Proto Iface R Rmem User Inode`. */
export function parsePacketTable(text: string): PacketRow[] {
  const rows: PacketRow[] = [];
  for (const line of text.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 9 || !/^\d+$/.test(fields[8]!)) continue;
    rows.push({
      type: Number(fields[2]),
      protocol: parseInt(fields[3]!, 16),
      inode: Number(fields[8]),
    });
  }
  return rows;
}
