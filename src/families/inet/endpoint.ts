/**
 * Internet endpoints: address and port.
 *
 * @module
 */
import type { InternetEndpoint } from "../../model/socket.ts";
import type { ByteWriter } from "../../text/byte_writer.ts";
import type { EndpointTraits } from "../family.ts";
import { compareText } from "../order.ts";
import { WireEndpoint } from "../../store/wire_endpoint.ts";

const PERCENT = 0x25;
const STAR = 0x2a;
const COLON = 0x3a;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** `10.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`; a wildcard port is `*`. */
function write(endpoint: InternetEndpoint, out: ByteWriter): void {
  const { port, interface: name } = endpoint;
  if (endpoint instanceof WireEndpoint && !endpoint.v6) {
    out.ipv4(endpoint.a);
    if (name !== null) writeName(name, out);
  } else {
    const { address } = endpoint;
    const v6 = address.includes(":");
    if (v6) out.byte(OPEN);
    out.text(address);
    if (name !== null) writeName(name, out);
    if (v6) out.byte(CLOSE);
  }
  out.byte(COLON);
  if (port === 0) out.byte(STAR);
  else out.decimal(port);
}

function writeName(name: string, out: ByteWriter): void {
  out.byte(PERCENT);
  out.utf8(name);
}

/** The same as text. */
function text({ address, port, interface: name }: InternetEndpoint): string {
  const host = name === null ? address : `${address}%${name}`;
  return `${address.includes(":") ? `[${host}]` : host}:${port === 0 ? "*" : port}`;
}

/** Address and port. */
export const internetEndpoint: EndpointTraits = {
  text,
  write,
  json: ({ address, port, interface: name }: InternetEndpoint) => ({
    address,
    port,
    interface: name,
  }),
  rank: ({ port }: InternetEndpoint) => port,
  compare: (a: InternetEndpoint, b: InternetEndpoint) =>
    compareText(a.address, b.address) || a.port - b.port,
};
