/**
 * SsPlan: what an ss command line asks for, as plain data.
 *
 * @module
 */
import type { SsOptions } from "./options.ts";
import type { SsSelection } from "./selection.ts";
import type { Expr } from "../../filter/ast.ts";

/** A run of ss mode. */
export interface SsPlan {
  readonly options: SsOptions;
  readonly selection: SsSelection;
  /** `null` without a filter. */
  readonly filter: Expr | null;
  readonly header: boolean;
  readonly queues: boolean;
  /** `-E`: wait for sockets to end. */
  readonly events: boolean;
  /** `-K`: close the sockets. */
  readonly kill: boolean;
  /** The variables that say which files to read. */
  readonly environment: SsEnvironment;
}

/** The environment. It is empty when the process gained privileges by exec. */
export type SsEnvironment = Readonly<Record<string, string | undefined>>;

/** The variables that ss reads, each with the file below the root of /proc that it replaces. */
export const SS_FILES: Readonly<Record<string, string>> = {
  PROC_NET_TCP: "net/tcp",
  PROC_NET_TCP6: "net/tcp6",
  PROC_NET_UDP: "net/udp",
  PROC_NET_UDP6: "net/udp6",
  PROC_NET_RAW: "net/raw",
  PROC_NET_RAW6: "net/raw6",
  PROC_NET_UNIX: "net/unix",
  PROC_NET_PACKET: "net/packet",
  PROC_NET_NETLINK: "net/netlink",
  PROC_NET_SOCKSTAT: "net/sockstat",
  PROC_NET_SOCKSTAT6: "net/sockstat6",
  PROC_NET_SNMP: "net/snmp",
  PROC_IP_LOCAL_PORT_RANGE: "sys/net/ipv4/ip_local_port_range",
};
