/**
 * NetstatQuery: what a netstat command line asks for, as plain data.
 *
 * @module
 */
import type { NetstatLayout } from "./layout.ts";
import type { NumericChoice } from "./names.ts";

/** Protocols and families that have tables. */
export type NetstatProtocol = "tcp" | "sctp" | "udp" | "udplite" | "raw" | "unix";

/** A listing of sockets. */
export interface NetstatQuery {
  readonly kind: "sockets";
  readonly layout: NetstatLayout;
  readonly numeric: NumericChoice;
  /** The tables to list, named by themselves or by their family. */
  readonly protocols: ReadonlySet<NetstatProtocol>;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Families that were asked for, but that Linux no longer has or net-tools was built without. */
  readonly absent: readonly string[];
  /** False when nothing was named. Then every table is listed, and a missing one is no error. */
  readonly named: boolean;
  /** True when only a family was named, and the internet protocols follow from it. Then a missing table is no error either. */
  readonly protocolsImplied: boolean;
  readonly verbose: boolean;
  readonly continuous: boolean;
  /** Print every netlink message on standard error, decoded. */
  readonly trace: boolean;
  readonly allOwners: boolean;
}

/** The counters of `-s`. */
export interface StatisticsQuery {
  readonly kind: "statistics";
  readonly ipv6: boolean;
  readonly protocols: ReadonlySet<NetstatProtocol>;
}
