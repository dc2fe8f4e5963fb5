/**
 * The families of ss mode beside the internet's, in the order in which ss shows their tables.
 *
 * @module
 */
import {
  AF_NETLINK,
  AF_PACKET,
  AF_TIPC,
  AF_UNIX,
  AF_VSOCK,
  AF_XDP,
} from "../../../model/address_family.ts";
import type { SsFamily } from "./printer.ts";
import { TABLE } from "../selection.ts";

/** A family, loaded when its table was chosen. */
export interface SsTableEntry {
  /** Tables of {@linkcode TABLE} that it has. */
  readonly tables: number;
  readonly family: number;
  /** Variable that names its file in /proc; `null` where it has none. With PROC_ROOT, netlink is not asked either way. */
  readonly variable: string | null;
  load(): Promise<{ readonly ss: SsFamily }>;
}

/** Those shown before the internet tables. */
export const TABLES_FIRST: readonly SsTableEntry[] = [
  {
    tables: TABLE.netlink,
    family: AF_NETLINK,
    variable: "PROC_NET_NETLINK",
    load: () => import("./netlink.ts"),
  },
  {
    tables: TABLE.packet_raw | TABLE.packet_dgram,
    family: AF_PACKET,
    variable: "PROC_NET_PACKET",
    load: () => import("./packet.ts"),
  },
  {
    tables: TABLE.unix_stream | TABLE.unix_dgram | TABLE.unix_seqpacket,
    family: AF_UNIX,
    variable: "PROC_NET_UNIX",
    load: () => import("./unix.ts"),
  },
];

/** Those shown after them, before MPTCP. */
export const TABLES_LAST: readonly SsTableEntry[] = [
  {
    tables: TABLE.vsock_stream | TABLE.vsock_dgram,
    family: AF_VSOCK,
    variable: null,
    load: () => import("./vsock.ts"),
  },
  { tables: TABLE.tipc, family: AF_TIPC, variable: null, load: () => import("./tipc.ts") },
  { tables: TABLE.xdp, family: AF_XDP, variable: null, load: () => import("./xdp.ts") },
];
