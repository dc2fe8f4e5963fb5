/**
 * The registry of families: one line each.
 *
 * @module
 */
import type { FamilyName } from "../model/socket.ts";
import type { EndpointTraits, Family } from "./family.ts";
import { inet } from "./inet/mod.ts";
import { netlink } from "./netlink/mod.ts";
import { packet } from "./packet/mod.ts";
import { tipc } from "./tipc/mod.ts";
import { unix } from "./unix/mod.ts";
import { vsock } from "./vsock/mod.ts";
import { xdp } from "./xdp/mod.ts";

/** Every family, in the order of output. */
export const FAMILIES: readonly Family[] = [
  inet,
  unix,
  packet,
  netlink,
  vsock,
  xdp,
  tipc,
];

/** Values of `family` that a query can ask for. */
export const FAMILY_NAMES: readonly FamilyName[] = FAMILIES.flatMap((family) => family.names);

// A plain object: asked for each endpoint of each row, where a Map costs several times as much.
const BY_NAME = Object.fromEntries(
  FAMILIES.flatMap((family) => family.names.map((name) => [name, family] as const)),
) as Readonly<Record<FamilyName, Family>>;

/** The family of a socket. */
export function familyOf(name: FamilyName): Family {
  return BY_NAME[name];
}

/** What can be said of the endpoints of a socket of this family. */
export function endpointTraits(name: FamilyName): EndpointTraits {
  return BY_NAME[name].endpoint;
}
