/**
 * The families of ss mode beside the internet's, in the order in which ss shows their tables.
 *
 * @module
 */
import { AF_NETLINK, AF_PACKET, AF_TIPC, AF_UNIX, AF_VSOCK, AF_XDP } from "../filter/subject.ts";
import { type SsFamily, TABLE } from "./ss_row.ts";

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
export const TABLES_FIRST: readonly SsTableEntry[] = [];

/** Those shown after them, before MPTCP. */
export const TABLES_LAST: readonly SsTableEntry[] = [];

void [AF_NETLINK, AF_PACKET, AF_TIPC, AF_UNIX, AF_VSOCK, AF_XDP, TABLE];
