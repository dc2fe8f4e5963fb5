/**
 * Names of netlink protocols, as ss prints and reads them. They are older than the kernel's of today.
 *
 * @module
 */

/** By number: include/uapi/linux/netlink.h. */
const NAMES: readonly (string | null)[] = [
  "rtnl",
  "unused",
  "usersock",
  "fw",
  "tcpdiag",
  "nflog",
  "xfrm",
  "selinux",
  "iscsi",
  "audit",
  "fiblookup",
  "connector",
  "nft",
  "ip6fw",
  "dec-rt",
  "uevent",
  "genl",
  null,
  "scsi-trans",
  "ecryptfs",
  "rdma",
  "crypto",
];

/** Name of a protocol, its number where it has none or `numeric` asks for that. */
export function netlinkProtocolName(protocol: number, numeric: boolean): string {
  return (numeric ? null : NAMES[protocol]) ?? String(protocol);
}

/** Number of a protocol by its name; `undefined` when there is none of that name. */
export function netlinkProtocolNumber(name: string): number | undefined {
  const number = NAMES.indexOf(name);
  return number < 0 ? undefined : number;
}
