/**
 * Internet endpoints: address and port.
 *
 * @module
 */
import type { InternetEndpoint } from "../../model/socket.ts";
import type { EndpointTraits } from "../family.ts";
import { compareText } from "../order.ts";

/** `10.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`; a wildcard port is `*`. */
function text({ address, port, interface: name }: InternetEndpoint): string {
  const scoped = name === null ? address : `${address}%${name}`;
  return `${address.includes(":") ? `[${scoped}]` : scoped}:${port === 0 ? "*" : port}`;
}

/** What shared code may ask of an internet endpoint. */
export const internetEndpoint: EndpointTraits = {
  text,
  json: ({ address, port, interface: name }: InternetEndpoint) => ({
    address,
    port,
    interface: name,
  }),
  rank: ({ port }: InternetEndpoint) => port,
  compare: (a: InternetEndpoint, b: InternetEndpoint) =>
    compareText(a.address, b.address) || a.port - b.port,
};
