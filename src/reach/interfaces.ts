/**
 * InterfaceTable: the links and addresses of a network namespace. They decide what a wildcard address means there.
 *
 * @module
 */
import { AF_INET6 } from "../../ffi/socket.ts";
import { ENOENT, SyscallError } from "../../ffi/errno.ts";
import { DecodeError } from "../model/decode_error.ts";
import type { Gap } from "../model/gap.ts";
import { formatIpv4, formatIpv6 } from "../model/endpoint.ts";
import { AttributeCursor } from "../netlink/attribute.ts";
import { Connection, NETLINK_ROUTE, type NetlinkSocket } from "../netlink/connection.ts";
import { dumpWhole } from "../netlink/dump.ts";
import { NetlinkError } from "../netlink/error.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../netlink/header.ts";
import { MessageBuilder } from "../netlink/builder.ts";
import { RTM_GETADDR, RTM_GETLINK, RTM_NEWADDR, RTM_NEWLINK } from "../netlink/message_types.ts";
import { isHostNetns } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import { latin1Bytes, latin1Text, utf8Text } from "../text/encoding.ts";

/** A network device. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** Whether it is switched on. Kernel: IFF_UP. */
  readonly up: boolean;
  /** Whether it has a carrier. Kernel: IFF_LOWER_UP. */
  readonly carrier: boolean;
  /** Kernel: IFF_LOOPBACK. */
  readonly loopback: boolean;
  /** Index of the bridge, bond or VRF that it belongs to; `null` if it belongs to none. Kernel: IFLA_MASTER. */
  readonly master: number | null;
  /** `vrf`, `veth`, `bridge`…; `null` for hardware. Kernel: IFLA_INFO_KIND. */
  readonly kind: string | null;
  /** True if its other end is in another namespace. Kernel: IFLA_LINK_NETNSID. */
  readonly peerElsewhere: boolean;
  /** UDP port that the kernel has open for a tunnel, host order; absent for another device. Kernel: IFLA_VXLAN_PORT and the like. */
  readonly tunnelPort?: number;
}

/** An address of a link. */
export interface LinkAddress {
  readonly address: string;
  readonly version: 4 | 6;
  readonly prefix: number;
  readonly link: Link;
}

/** The interfaces of one namespace. */
export interface InterfaceTable {
  readonly links: readonly Link[];
  readonly addresses: readonly LinkAddress[];
  /** True for the namespace of a container or similar, false for the host's. */
  readonly enclosed: boolean;
  /** Transports whose sockets serve the devices of a VRF without being bound to it. Kernel: net.ipv4.*_l3mdev_accept. */
  readonly vrfAccept: ReadonlySet<string>;
}

/** What is known of interfaces that could not be read: why not. */
export class UnreadInterfaces {
  constructor(readonly why: string) {}

  /** The gap that they leave in an answer. */
  gap(netns: number | null): Gap {
    const without =
      `could not be read (${this.why}): how far a wildcard address reaches there is not known`;
    return {
      kind: "interfaces",
      reason: netns === null
        ? `the interfaces ${without}`
        : `the interfaces of network namespace ${netns} ${without}`,
      detail: netns === null ? {} : { netns },
      many: `the interfaces of # network namespaces ${without}`,
    };
  }
}

/** struct ifinfomsg: family u8 0, type u16 2, index s32 4, flags u32 8, change u32 12. */
const IFINFOMSG_SIZE = 16;
/** struct ifaddrmsg: family u8 0, prefixlen u8 1, flags u8 2, scope u8 3, index u32 4. */
const IFADDRMSG_SIZE = 8;
// include/uapi/linux/if_link.h
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
/** The attribute with the port in IFLA_INFO_DATA, be16, by kind: IFLA_VXLAN_PORT, IFLA_GENEVE_PORT, IFLA_BAREUDP_PORT. */
const TUNNEL_PORT: Readonly<Record<string, number>> = { vxlan: 15, geneve: 5, bareudp: 1 };
const IFLA_EXT_MASK = 29;
const IFLA_LINK_NETNSID = 37;
const RTEXT_FILTER_SKIP_STATS = 1 << 3;
// include/uapi/linux/if_addr.h
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const IFA_F_DADFAILED = 0x08;
// include/uapi/linux/if.h
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_LOWER_UP = 0x10000;

/** Decodes a link from RTM_NEWLINK. Throws DecodeError. */
export function decodeLink(view: DataView, start: number, end: number): Link {
  need("ifinfomsg", start, end, IFINFOMSG_SIZE);
  const flags = view.getUint32(start + 8, true);
  let name = "";
  let master: number | null = null;
  let kind: string | null = null;
  let peerElsewhere = false;
  let tunnelPort: number | undefined;
  const attributes = new AttributeCursor(view, start + IFINFOMSG_SIZE, end);
  while (attributes.next()) {
    if (attributes.type === IFLA_IFNAME) name = utf8Text(latin1Bytes(attributes.string()));
    else if (attributes.type === IFLA_MASTER) master = attributes.u32();
    else if (attributes.type === IFLA_LINK_NETNSID) peerElsewhere = true;
    else if (attributes.type === IFLA_LINKINFO) {
      const info = attributes.nested();
      // The kind comes first.
      while (info.next()) {
        if (info.type === IFLA_INFO_KIND) kind = info.string();
        else if (info.type === IFLA_INFO_DATA && kind !== null) tunnelPort = portOf(kind, info);
      }
    }
  }
  return {
    index: view.getInt32(start + 4, true),
    name,
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    master,
    kind,
    peerElsewhere,
    ...tunnelPort === undefined ? {} : { tunnelPort },
  };
}

function portOf(kind: string, info: AttributeCursor): number | undefined {
  const wanted = Object.hasOwn(TUNNEL_PORT, kind) ? TUNNEL_PORT[kind] : undefined;
  if (wanted === undefined) return undefined;
  const data = info.nested();
  while (data.next()) {
    if (data.type === wanted && data.length >= 2) return data.view.getUint16(data.offset, false);
  }
  return undefined;
}

/** Decodes an address from RTM_NEWADDR; `null` for one that is not in use. Throws DecodeError. */
export function decodeAddress(
  view: DataView,
  start: number,
  end: number,
): { index: number; address: string; version: 4 | 6; prefix: number } | null {
  need("ifaddrmsg", start, end, IFADDRMSG_SIZE);
  const version = view.getUint8(start) === AF_INET6 ? 6 : 4;
  let flags = view.getUint8(start + 2);
  let at = -1;
  const attributes = new AttributeCursor(view, start + IFADDRMSG_SIZE, end);
  while (attributes.next()) {
    const { type, length, offset } = attributes;
    // On a point-to-point link, IFA_ADDRESS is the other end. IFA_LOCAL is always our own.
    if (type === IFA_LOCAL || type === IFA_ADDRESS && at < 0) {
      if (length === (version === 6 ? 16 : 4)) at = offset;
    } else if (type === IFA_FLAGS) flags = attributes.u32();
  }
  if (at < 0 || (flags & IFA_F_DADFAILED) !== 0) return null;
  const word = (i: number) => view.getUint32(at + 4 * i, false);
  return {
    index: view.getUint32(start + 4, true),
    address: version === 4 ? formatIpv4(word(0)) : formatIpv6(word(0), word(1), word(2), word(3)),
    version,
    prefix: view.getUint8(start + 1),
  };
}

function need(what: string, start: number, end: number, size: number): void {
  if (end - start < size) {
    throw new DecodeError(what, start, `${end - start} bytes where ${size} are needed`);
  }
}

/**
 * Reads the interfaces of the namespace that this thread is in; `netns` is its inode. The kernel does not answer in a sandbox
 * without NETLINK_ROUTE.
 */
export function readInterfaces(
  root: ProcRoot,
  netns: number | null,
  open: () => NetlinkSocket = () => new Connection(NETLINK_ROUTE),
): InterfaceTable | UnreadInterfaces {
  let transport: NetlinkSocket | undefined;
  try {
    transport = open();
    const links = dumpLinks(transport);
    const addresses = dumpAddresses(transport, links);
    return {
      links: [...links.values()],
      addresses,
      enclosed: isEnclosed([...links.values()], netns === null ? null : isHostNetns(root, netns)),
      vrfAccept: [...links.values()].some(({ kind }) => kind === "vrf")
        ? readVrfAccept(root)
        : new Set(),
    };
  } catch (error) {
    if (
      error instanceof SyscallError || error instanceof NetlinkError || error instanceof DecodeError
    ) return new UnreadInterfaces(error.message);
    throw error;
  } finally {
    transport?.close();
  }
}

function dumpLinks(transport: NetlinkSocket): Map<number, Link> {
  const links = new Map<number, Link>();
  const request = new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP)
    .zeros(IFINFOMSG_SIZE)
    .u32Attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)
    .finish();
  dumpWhole(transport, request, "list links", {
    message(view, start, end, type) {
      if (type !== RTM_NEWLINK) return;
      const link = decodeLink(view, start, end);
      links.set(link.index, link);
    },
    restart: () => links.clear(),
  });
  return links;
}

function dumpAddresses(transport: NetlinkSocket, links: ReadonlyMap<number, Link>): LinkAddress[] {
  const addresses: LinkAddress[] = [];
  const request = new MessageBuilder(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP)
    .zeros(IFADDRMSG_SIZE)
    .finish();
  dumpWhole(transport, request, "list addresses", {
    message(view, start, end, type) {
      if (type !== RTM_NEWADDR) return;
      const found = decodeAddress(view, start, end);
      const link = found === null ? undefined : links.get(found.index);
      if (found === null || link === undefined) return;
      const { address, version, prefix } = found;
      addresses.push({ address, version, prefix, link });
    },
    restart: () => {
      addresses.length = 0;
    },
  });
  return addresses;
}

/**
 * Whether a namespace is a container's. If /proc does not say, its links do: all links of a container have their other end in
 * another namespace, and a host has at least one that has not.
 */
export function isEnclosed(links: readonly Link[], host: boolean | null): boolean {
  if (host !== null) return !host;
  const outward = links.filter((link) => !link.loopback && link.up);
  return outward.length > 0 && outward.every(({ peerElsewhere }) => peerElsewhere);
}

/** Throws SyscallError where a setting cannot be read: that it is 0 would be a guess. */
function readVrfAccept(root: ProcRoot): Set<string> {
  const accepts = (name: string): boolean => {
    const setting = `sys/net/ipv4/${name}_l3mdev_accept`;
    const bytes = root.read(setting);
    if (typeof bytes !== "number") return latin1Text(bytes).trim() === "1";
    // Before Linux 5.1 raw sockets had no such setting, and always served VRFs.
    if (name === "raw" && bytes === -ENOENT) return true;
    throw new SyscallError(`read ${root.path}/${setting}`, -bytes);
  };
  return new Set(["tcp", "udp", "raw"].filter(accepts));
}
