/**
 * TIPC endpoints: a node and a port in it.
 *
 * @module
 */
import type { TipcEndpoint } from "../../model/socket.ts";
import type { EndpointTraits } from "../family.ts";

/** What shared code may ask of a TIPC endpoint. */
export const tipcEndpoint: EndpointTraits = {
  text: ({ node, ref }: TipcEndpoint) => `${node}:${ref}`,
  json: ({ node, ref }: TipcEndpoint) => ({ node, ref }),
  rank: () => 0,
  compare: (a: TipcEndpoint, b: TipcEndpoint) => a.node - b.node || a.ref - b.ref,
};
