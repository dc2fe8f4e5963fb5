/**
 * The registry of families: one line each.
 *
 * @module
 */
import type { FamilyName } from "../model/socket.ts";
import type { EndpointTraits, Family } from "./family.ts";
import { inet } from "./inet/mod.ts";

/** Every family, in the order of output. */
export const FAMILIES: readonly Family[] = [inet];

/** Values of `family` that a query can ask for. */
export const FAMILY_NAMES: readonly FamilyName[] = FAMILIES.flatMap((family) => family.names);

const TRAITS = new Map<FamilyName, EndpointTraits>(
  FAMILIES.flatMap((family) => family.names.map((name) => [name, family.endpoint] as const)),
);

/** What can be said of the endpoints of a socket of this family. */
export function endpointTraits(family: FamilyName): EndpointTraits {
  return TRAITS.get(family)!;
}
