/**
 * XDP endpoints: an interface and one of its queues.
 *
 * @module
 */
import type { XdpEndpoint } from "../../model/socket.ts";
import type { EndpointTraits } from "../family.ts";
import { compareText } from "../order.ts";

/** What shared code may ask of an XDP endpoint. */
export const xdpEndpoint: EndpointTraits = {
  // Like `eth0:q3`; `*` while not bound.
  text: ({ interface: name, queue }: XdpEndpoint) => name === null ? "*" : `${name}:q${queue ?? 0}`,
  json: ({ interface: name, queue }: XdpEndpoint) => ({ interface: name, queue }),
  rank: () => 0,
  compare: (a: XdpEndpoint, b: XdpEndpoint) =>
    compareText(a.interface ?? "", b.interface ?? "") || (a.queue ?? 0) - (b.queue ?? 0),
};
