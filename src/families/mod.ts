/**
 * The registry of families: one entry each. The code of a family is loaded when one of its sockets is asked for.
 *
 * @module
 */
import type { FamilyName } from "../model/socket.ts";
export { FAMILIES as FAMILY_NAMES } from "../model/socket.ts";
import type { EndpointTraits, Family } from "./family.ts";

/** The flag that adds a family to the listing. */
interface FamilyFlag {
  /** Without dashes. */
  readonly long: string;
  readonly short?: string;
  /** Starts lower case, no period. */
  readonly help: string;
}

/** What is known of a family before its code is loaded. */
export interface FamilyEntry {
  /** The values of `family` in the JSON. Only the internet family has two. */
  readonly names: readonly FamilyName[];
  /** `null` for the internet family, which other flags choose. */
  readonly flag: FamilyFlag | null;
  /** Loads its code. Not a promise, because it is called while sockets are read. */
  load(): Family;
}

/** Every family, in the order of output. */
export const FAMILIES: readonly FamilyEntry[] = [
  {
    names: ["inet", "inet6"],
    flag: null,
    load: () => (require("./inet/mod.ts") as typeof import("./inet/mod.ts")).inet,
  },
  {
    names: ["unix"],
    flag: { long: "unix", short: "x", help: "unix sockets, with the processes at both ends" },
    load: () => (require("./unix/mod.ts") as typeof import("./unix/mod.ts")).unix,
  },
  {
    names: ["packet"],
    flag: { long: "packet", short: "0", help: "packet sockets, which see frames" },
    load: () => (require("./packet.ts") as typeof import("./packet.ts")).packet,
  },
  {
    names: ["netlink"],
    flag: { long: "netlink", help: "netlink sockets, between the kernel and processes" },
    load: () => (require("./netlink.ts") as typeof import("./netlink.ts")).netlink,
  },
  {
    names: ["vsock"],
    flag: { long: "vsock", help: "vsock sockets, between virtual machines and their host" },
    load: () => (require("./vsock.ts") as typeof import("./vsock.ts")).vsock,
  },
  {
    names: ["xdp"],
    flag: { long: "xdp", help: "XDP sockets, which take frames from a queue of an interface" },
    load: () => (require("./xdp.ts") as typeof import("./xdp.ts")).xdp,
  },
  {
    names: ["tipc"],
    flag: { long: "tipc", help: "TIPC sockets, between the nodes of a cluster" },
    load: () => (require("./tipc.ts") as typeof import("./tipc.ts")).tipc,
  },
];

/** The families with one of these names, in the order of output. */
export function familiesNamed(wanted: ReadonlySet<FamilyName>): Family[] {
  return FAMILIES.filter(({ names }) => names.some((name) => wanted.has(name)))
    .map(({ names }) => familyOf(names[0]!));
}

// A plain object, because a Map takes several times as long, and every endpoint of every row asks.
const loaded: Partial<Record<FamilyName, Family>> = {};

/** The family of a socket. */
export function familyOf(name: FamilyName): Family {
  return loaded[name] ?? load(name);
}

function load(name: FamilyName): Family {
  const entry = FAMILIES.find(({ names }) => names.includes(name))!;
  const family = entry.load();
  for (const name of entry.names) loaded[name] = family;
  return family;
}

/** The traits of endpoints of this family. */
export function endpointTraits(name: FamilyName): EndpointTraits {
  return familyOf(name).endpoint;
}

/** True for text that some family without a form of its own for targets and filters prints as an endpoint: `route:kernel`. */
export function isEndpointText(text: string): boolean {
  return FAMILIES.some(({ names }) => endpointTraits(names[0]!).prints?.(text));
}
