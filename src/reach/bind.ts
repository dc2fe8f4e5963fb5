/**
 * The reach of a bound socket: what its address means in its network namespace.
 *
 * @module
 */
import { isWildcard, mappedIpv4 } from "../model/endpoint.ts";
import type { InternetEndpoint, Netns, Reach, Scope, Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { addressReach } from "./address.ts";
import {
  type InterfaceTable,
  type Link,
  type LinkAddress,
  UnreadInterfaces,
} from "./interfaces.ts";

/** An address that a socket can be reached at. */
interface ReachableAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
  readonly version: 4 | 6;
  readonly scope: Scope;
  /** True for an IPv4 address of an IPv6 socket. */
  readonly mapped: boolean;
  /** False if the interface has no carrier now. */
  readonly carrier: boolean;
}

/** The reach of one socket, with the addresses that it was worked out from. */
interface ResolvedReach extends Reach {
  /** In the order of the links; `null` if they could not be read. */
  readonly reachableAddresses: readonly ReachableAddress[] | null;
}

/** From narrow to wide. Scopes that are not listed are not compared. */
const WIDTH: readonly Scope[] = ["loopback", "link_local", "container", "private", "public"];

/** Further addresses are counted, not named. */
const NAMED_ADDRESSES = 8;

/**
 * Works out how far a bound socket can be reached. With `null` for interfaces, it is judged by its address alone. If they could
 * not be read, it is not known what a wildcard address stands for.
 */
export function resolveReach(
  socket: Pick<Socket, "transport" | "family" | "v6only"> & { readonly local: InternetEndpoint },
  interfaces: InterfaceTable | UnreadInterfaces | null,
): ResolvedReach {
  const { local } = socket;
  const plain = addressReach(local.address);
  if (interfaces instanceof UnreadInterfaces) {
    const open = plain.scope === "any";
    return {
      scope: open ? "unknown" : plain.scope,
      reasons: [
        ...plain.reasons,
        ...(open ? [`which addresses these are could not be read: ${interfaces.why}`] : []),
        ...limits(socket),
      ],
      reachableAddresses: null,
    };
  }
  if (interfaces === null) {
    return {
      scope: plain.scope,
      reasons: [...plain.reasons, ...limits(socket)],
      reachableAddresses: null,
    };
  }
  return plain.scope === "any" ? wildcard(socket, interfaces) : specific(socket, plain, interfaces);
}

// What options of the socket itself narrow or widen, whatever the addresses are.
function limits({ local, family, v6only }: Parameters<typeof resolveReach>[0]): string[] {
  const reasons: string[] = [];
  if (local.interface !== null) reasons.push(`through interface ${local.interface} only`);
  if (family === "inet6" && isWildcard(local.address)) {
    if (v6only === false) reasons.push("IPv4 as well: not v6-only");
    if (v6only === true) reasons.push("no IPv4: v6-only");
  }
  return reasons;
}

function wildcard(
  socket: Parameters<typeof resolveReach>[0],
  interfaces: InterfaceTable,
): ResolvedReach {
  const { local, family, v6only } = socket;
  // ::ffff:0.0.0.0 is an IPv6 socket for IPv4 only. If the kernel does not say whether a socket is v6-only, assume the default:
  // it is not.
  const mapped = mappedIpv4(local.address) !== null;
  const v4 = family === "inet" || mapped || v6only !== true;
  const v6 = family === "inet6" && !mapped;
  const served = interfaces.addresses.filter(({ version }) => version === 4 ? v4 : v6);
  const reasons: string[] = [];
  const device = local.interface === null
    ? undefined
    : interfaces.links.find(({ name }) => name === local.interface);
  const inVrf = new Set<string>();
  const reachableAddresses: ReachableAddress[] = [];
  for (const entry of served) {
    const { link } = entry;
    if (!link.up || !serves(device, local.interface, link, interfaces, socket, inVrf)) continue;
    reachableAddresses.push(
      reachableAddress(entry, family === "inet6" && entry.version === 4, interfaces.enclosed),
    );
  }
  const scope = widest(reachableAddresses);
  reasons.push(
    reachableAddresses.length === 0
      ? "no interface that is up has an address for it"
      : `${describeWildcard(v4, v6)}: ${named(reachableAddresses)}`,
    ...limits(socket),
  );
  for (const name of inVrf) {
    reasons.push(
      `not through VRF ${name}: net.ipv4.${sysctlOf(socket.transport)}_l3mdev_accept is 0`,
    );
  }
  if (scope === "container") reasons.push(ENCLOSED);
  return { scope, reasons, reachableAddresses };
}

const ENCLOSED = "not the host's network namespace: reached from outside if published or routed";

/** Whether packets to an address of `link` get to the socket. Adds the names of VRFs that prevent it to `inVrf`. */
function serves(
  device: Link | undefined,
  bound: string | null,
  link: Link,
  { links, vrfAccept }: InterfaceTable,
  socket: Parameters<typeof resolveReach>[0],
  inVrf: Set<string>,
): boolean {
  // A socket bound to a VRF serves its addresses and those of its members. One bound to another device serves only that.
  if (bound !== null) {
    return link.name === bound ||
      device?.kind === "vrf" && link.master === device.index;
  }
  const vrf = link.kind === "vrf"
    ? link
    : links.find(({ index, kind }) => index === link.master && kind === "vrf");
  if (vrf === undefined || vrfAccept.has(sysctlOf(socket.transport))) return true;
  inVrf.add(vrf.name);
  return false;
}

function sysctlOf(transport: Socket["transport"]): string {
  return transport === "raw" || transport === "icmp"
    ? "raw"
    : transport.startsWith("udp")
    ? "udp"
    : "tcp";
}

function describeWildcard(v4: boolean, v6: boolean): string {
  return v4 && v6 ? "every address" : v4 ? "every IPv4 address" : "every IPv6 address";
}

function named(reachableAddresses: readonly ReachableAddress[]): string {
  const text = reachableAddresses.slice(0, NAMED_ADDRESSES)
    .map((way) => `${way.address} (${way.interface})`).join(", ");
  const rest = reachableAddresses.length - NAMED_ADDRESSES;
  return rest > 0 ? `${text} and ${rest} more` : text;
}

function reachableAddress(
  entry: LinkAddress,
  mapped: boolean,
  enclosed: boolean,
): ReachableAddress {
  return {
    interface: entry.link.name,
    address: entry.address,
    prefix: entry.prefix,
    version: entry.version,
    scope: enclose(addressReach(entry.address).scope, enclosed),
    mapped,
    carrier: entry.link.carrier,
  };
}

// In a container's namespace, a private address belongs to the container.
function enclose(scope: Scope, enclosed: boolean): Scope {
  return enclosed && scope === "private" ? "container" : scope;
}

function widest(reachableAddresses: readonly ReachableAddress[]): Scope {
  let width = -1;
  for (const { scope } of reachableAddresses) width = Math.max(width, WIDTH.indexOf(scope));
  // If no interface is up, not even the host itself can connect.
  return WIDTH[width] ?? "unknown";
}

function specific(
  socket: Parameters<typeof resolveReach>[0],
  plain: Reach,
  interfaces: InterfaceTable,
): ResolvedReach {
  const { local, family } = socket;
  const ipv4 = mappedIpv4(local.address);
  const mapped = ipv4 !== null;
  const address = ipv4 ?? local.address;
  const scope = enclose(plain.scope, interfaces.enclosed);
  const reasons = [...plain.reasons, ...limits(socket)];
  if (scope === "container") reasons.push(ENCLOSED);
  const entry = interfaces.addresses.find((entry) =>
    entry.address === address &&
    (local.interface === null || plain.scope !== "link_local" ||
      entry.link.name === local.interface)
  );
  if (entry === undefined) {
    // All of 127.0.0.0/8 belongs to lo, and a multicast address belongs to no link.
    const loopback = interfaces.links.find((link) => link.loopback && link.up);
    if (scope === "loopback" && loopback !== undefined) {
      const way = { address, version: 4, prefix: 8, link: loopback } as const;
      return { scope, reasons, reachableAddresses: [reachableAddress(way, mapped, false)] };
    }
    if (scope !== "multicast") reasons.push("no interface has this address now");
    return { scope, reasons, reachableAddresses: [] };
  }
  if (!entry.link.up) {
    return {
      scope,
      reasons: [...reasons, `${entry.link.name} is switched off`],
      reachableAddresses: [],
    };
  }
  const way = reachableAddress(
    entry,
    family === "inet6" && entry.version === 4,
    interfaces.enclosed,
  );
  return { scope, reasons, reachableAddresses: [way] };
}

/** True if the reach of a socket depends on the interfaces of its namespace. */
export function needsInterfaces({ local, peer, reach }: Socket): boolean {
  return peer === null && reach.scope === "unknown" && "address" in local &&
    !isPlain(addressReach(local.address), peer);
}

/** True if the address alone decides the reach. */
function isPlain(reach: Reach, peer: Socket["peer"]): boolean {
  return reach.scope === "loopback" || peer !== null;
}

// One object for each pair, because very many sockets may share an address.
const narrowed = new Map<Reach, Map<string, Reach>>();

function through(plain: Reach, name: string): Reach {
  let byName = narrowed.get(plain);
  if (byName === undefined) narrowed.set(plain, byName = new Map());
  let reach = byName.get(name);
  if (reach === undefined) {
    reach = {
      scope: plain.scope,
      reasons: [...plain.reasons, `through interface ${name} only`],
    };
    byName.set(name, reach);
  }
  return reach;
}

/**
 * Fills in the reach of each socket that has an internet address; for other sockets, their family has set it already.
 * Connected sockets are judged by their address alone, because only their peer can send to them.
 */
export function fillReach(
  sockets: Sockets,
  surroundingsOf: (netns: Netns | null) => InterfaceTable | UnreadInterfaces | null = () => null,
): void {
  // Hosts have few addresses and many sockets.
  const known = new Map<string, Reach>();
  for (const socket of sockets) {
    if (socket.reach.scope !== "unknown") continue;
    const { local } = socket;
    if (!("address" in local)) continue;
    const plain = addressReach(local.address);
    if (isPlain(plain, socket.peer)) {
      socket.reach = local.interface === null ? plain : through(plain, local.interface);
      continue;
    }
    const { transport, family, v6only } = socket;
    const key = [socket.netns?.inode, transport, family, v6only, local.address, local.interface]
      .join();
    let reach = known.get(key);
    if (reach === undefined) {
      const { scope, reasons } = resolveReach(
        { transport, family, v6only, local },
        surroundingsOf(socket.netns),
      );
      reach = { scope, reasons };
      known.set(key, reach);
    }
    socket.reach = reach;
  }
}
