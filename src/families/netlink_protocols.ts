/**
 * Names of netlink protocols, which netlink itself calls families.
 *
 * Source: include/uapi/linux/netlink.h, as of Linux 6.18.
 *
 * @module
 */

/**
 * By number: the kernel's name in lower case without `NETLINK_`, that of ss and that of lsof, both of which are older;
 * `null` where a number is shown instead.
 */
const PROTOCOLS: readonly (readonly [kernel: string, ss: string | null, lsof: string | null])[] = [
  ["route", "rtnl", "ROUTE"],
  ["unused", "unused", "UNUSED"],
  ["usersock", "usersock", "USERSOCK"],
  ["firewall", "fw", "FIREWALL"],
  ["sock_diag", "tcpdiag", "INET_DIAG"],
  ["nflog", "nflog", "NFLOG"],
  ["xfrm", "xfrm", "XFRM"],
  ["selinux", "selinux", "SELINUX"],
  ["iscsi", "iscsi", "ISCSI"],
  ["audit", "audit", "AUDIT"],
  ["fib_lookup", "fiblookup", "FIB_LOOKUP"],
  ["connector", "connector", "CONNECTOR"],
  ["netfilter", "nft", "NETFILTER"],
  ["ip6_fw", "ip6fw", "IP6_FW"],
  ["dnrtmsg", "dec-rt", "DNRTMSG"],
  ["kobject_uevent", "uevent", "KOBJECT_UEVENT"],
  ["generic", "genl", "GENERIC"],
  ["dm", null, null],
  ["scsitransport", "scsi-trans", "SCSITRANSPORT"],
  ["ecryptfs", "ecryptfs", "ECRYPTFS"],
  ["rdma", "rdma", "RDMA"],
  ["crypto", "crypto", "CRYPTO"],
  ["smc", null, null],
];

/** The kernel's name; `protocol_N` for a number that this program does not know. */
export function netlinkProtocolName(protocol: number): string {
  return PROTOCOLS[protocol]?.[0] ?? `protocol_${protocol}`;
}

/** Number of a kernel's name in any letter case; `undefined` if it is no such name. */
export function netlinkProtocolOf(name: string): number | undefined {
  const wanted = name.toLowerCase();
  const number = PROTOCOLS.findIndex(([kernel]) => kernel === wanted);
  return number < 0 ? undefined : number;
}

/** The name that ss shows; the number where it has none or `numeric` asks for that. */
export function ssNetlinkProtocolName(protocol: number, numeric: boolean): string {
  return (numeric ? null : PROTOCOLS[protocol]?.[1]) ?? String(protocol);
}

/** Number of a name of ss; `undefined` if it is no such name. */
export function ssNetlinkProtocolOf(name: string): number | undefined {
  const number = PROTOCOLS.findIndex(([, ss]) => ss === name);
  return number < 0 ? undefined : number;
}

/** The name that lsof shows; `null` where it has none. */
export function lsofNetlinkProtocolName(protocol: number): string | null {
  return PROTOCOLS[protocol]?.[2] ?? null;
}
