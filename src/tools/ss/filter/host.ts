/**
 * HOST operands of the ss dialect: `10.0.0.1:22`, `[::1]`, `inet6:8080`, `unix:/run/*`, `netlink:*:kernel`.
 *
 * @module
 */
import { inetAton, parseAddress } from "../../../model/endpoint.ts";
import type { Condition, End, Prefix } from "../../../filter/ast.ts";
import { ValueProblem } from "../../../filter/errors.ts";
import { prefixOf } from "../../../filter/prefix.ts";
import { type Ranges, single } from "../../../filter/ranges.ts";
import type { FilterResolver } from "../../../filter/resolver.ts";
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  AF_UNSPEC,
  AF_VSOCK,
} from "../../../model/address_family.ts";
import { parseLong, parseUnsigned } from "./number.ts";

/** What the meaning of an operand depends on. */
interface HostContext {
  /** The family of operands without a prefix; AF_UNSPEC for any internet family. */
  readonly preferredFamily: number;
  /** The tables to show. ss looks up services for `tcp` and `udp` when they are among them. */
  readonly tables: readonly string[];
  readonly resolver: FilterResolver;
}

/** The meaning of an operand. */
export interface Host {
  readonly condition: Condition;
  /** The port, for comparisons; -1 for any. */
  readonly port: number;
  /** The family of the operand; AF_UNSPEC when it has none. */
  readonly family: number;
}

const ANY_PORT = -1;

/**
 * Reads the operand of `src` and `dst`, or with `portOnly` that of `sport` and `dport`. Throws
 * {@linkcode ValueProblem}.
 */
export function readHost(text: string, end: End, portOnly: boolean, context: HostContext): Host {
  const family = familyPrefix(text);
  const rest = family === undefined ? text : text.slice(text.indexOf(":") + 1);
  const determined = family ?? context.preferredFamily;
  switch (determined) {
    case AF_UNIX:
      // A unix pattern always has the port "any", so `-x sport > 5` is true of every socket.
      return {
        condition: { kind: "unix_name", end, pattern: rest },
        port: ANY_PORT,
        family: AF_UNIX,
      };
    case AF_PACKET:
      return readPacket(rest, end, portOnly, context.resolver);
    case AF_NETLINK:
      return readNetlink(rest, end, portOnly, context.resolver);
    case AF_VSOCK:
      return readVsock(rest, end, portOnly);
    default:
      return readInternet(rest, end, portOnly, determined, context);
  }
}

const FAMILY_PREFIXES: readonly (readonly [string, number])[] = [
  ["unix:", AF_UNIX],
  ["link:", AF_PACKET],
  ["netlink:", AF_NETLINK],
  ["vsock:", AF_VSOCK],
  ["inet:", AF_INET],
  ["inet6:", AF_INET6],
];

function familyPrefix(text: string): number | undefined {
  return FAMILY_PREFIXES.find(([prefix]) => text.startsWith(prefix))?.[1];
}

function portsOf(port: number): Ranges | null {
  return port === ANY_PORT ? null : single(port);
}

function host(end: End, addresses: readonly Prefix[], port: number, family: number): Host {
  return { condition: { kind: "host", end, addresses, ports: portsOf(port) }, port, family };
}

/**
 * Splits at the first colon. With `portOnly` the whole text is the port, and its colon may be left out. A part that is
 * missing, empty or `*` means any, and is `null`.
 */
function splitPair(text: string, portOnly: boolean): [string | null, string | null] {
  if (portOnly && !text.startsWith(":")) text = `:${text}`;
  const colon = text.indexOf(":");
  const any = (part: string) => part === "" || part === "*" ? null : part;
  if (colon < 0) return [any(text), null];
  return [any(text.slice(0, colon)), any(text.slice(colon + 1))];
}

/** A protocol number or CID as an address of one word. */
function wordAddress(family: number, value: number | null): Prefix[] {
  return value === null ? [] : [{ family, words: [value >>> 0, 0, 0, 0], length: 32 }];
}

function readPacket(text: string, end: End, portOnly: boolean, resolver: FilterResolver): Host {
  const [protocolText, interfaceText] = splitPair(text, portOnly);
  let port = ANY_PORT;
  if (interfaceText !== null) {
    port = parseLong(interfaceText) ?? resolver.interfaceIndex(interfaceText) ?? 0;
    if (parseLong(interfaceText) === undefined && port <= 0) {
      throw new ValueProblem(`"${interfaceText}" is not an interface`, "an interface");
    }
  }
  let protocol: number | null = null;
  if (protocolText !== null) {
    protocol = resolver.linkProtocol(protocolText) ?? parseUnsigned(protocolText) ?? -1;
    if (protocol < 0 || protocol > 0xffff) {
      throw new ValueProblem(`"${protocolText}" is not an Ethernet protocol`, "a protocol");
    }
  }
  return host(end, wordAddress(AF_PACKET, protocol), port, AF_PACKET);
}

function readNetlink(text: string, end: End, portOnly: boolean, resolver: FilterResolver): Host {
  const [protocolText, portText] = splitPair(text, portOnly);
  let port = ANY_PORT;
  if (portText !== null) {
    const value = portText === "kernel" ? 0 : parseLong(portText);
    if (value === undefined) {
      throw new ValueProblem(`"${portText}" is not a netlink port`, "a port ID or kernel");
    }
    port = value;
  }
  let protocol: number | null = null;
  if (protocolText !== null) {
    protocol = resolver.netlinkProtocol(protocolText) ?? parseUnsigned(protocolText) ?? -1;
    if (protocol < 0 || protocol > 255) {
      throw new ValueProblem(`"${protocolText}" is not a netlink protocol`, "a protocol");
    }
  }
  return host(end, wordAddress(AF_NETLINK, protocol), port, AF_NETLINK);
}

function readVsock(text: string, end: End, portOnly: boolean): Host {
  const [cidText, portText] = splitPair(text, portOnly);
  const number = (part: string | null, what: string): number | null => {
    if (part === null) return null;
    const value = parseUnsigned(part);
    if (value === undefined) throw new ValueProblem(`"${part}" is not a ${what}`, `a ${what}`);
    return value;
  };
  const port = number(portText, "vsock port") ?? ANY_PORT;
  return host(end, wordAddress(AF_VSOCK, number(cidText, "CID")), port, AF_VSOCK);
}

function readInternet(
  text: string,
  end: End,
  portOnly: boolean,
  family: number,
  context: HostContext,
): Host {
  let { address, portText } = splitInternet(text);
  // As in ss, `sport = [22]:9` means port 22: what stands in brackets is the port.
  if (portOnly) portText = text.startsWith("[") ? address : text;
  const port = readPort(portText, context);
  const addresses = portOnly || address === "" || address.startsWith("*")
    ? []
    : readAddresses(address, family, context.resolver);
  return host(end, addresses, port, family);
}

/** Splits the address from the port with its colon, which may be empty. A port starts at a colon behind the prefix length. */
function splitInternet(text: string): { address: string; portText: string } {
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    if (close < 0) throw new ValueProblem(`"${text}" lacks its ]`, "an address");
    return { address: text.slice(1, close), portText: text.slice(close + 1) };
  }
  if (text.startsWith("*")) return { address: "*", portText: text.slice(1) };
  const colon = text.lastIndexOf(":");
  if (colon < 0 || colon < text.indexOf("/")) return { address: text, portText: "" };
  return { address: text.slice(0, colon), portText: text.slice(colon) };
}

function readPort(text: string, { tables, resolver }: HostContext): number {
  const name = text.startsWith(":") ? text.slice(1) : text;
  if (name === "" || name.startsWith("*")) return ANY_PORT;
  const number = parseLong(name);
  if (number !== undefined) return number;
  const port = resolver.port(name, tables.filter((table) => table === "tcp" || table === "udp"));
  if (port === "ambiguous") {
    throw new ValueProblem(`Port "${name}" differs between tcp and udp`, "a port number");
  }
  if (port === undefined) {
    throw new ValueProblem(`"${name}" is not a port or a service`, "a port");
  }
  return port;
}

function readAddresses(text: string, family: number, resolver: FilterResolver): Prefix[] {
  if (text === "any" || text === "all" || text === "default") {
    return [{ family, words: [0, 0, 0, 0], length: 0 }];
  }
  const prefix = readPrefix(text, family);
  if (prefix !== undefined) return [prefix];
  if (family !== AF_UNSPEC && family !== AF_INET && family !== AF_INET6) {
    // With the family TIPC or XDP ss asks libc for a host, and libc takes numbers with dots for one of any family.
    const bytes = inetAton(text);
    if (bytes !== undefined) return [{ ...prefixOf(bytes), family }];
  }
  const found = resolver.addresses(text, family);
  if (found.length === 0) {
    throw new ValueProblem(`"${text}" is not an address or a known host`, "an address");
  }
  return found.map((bytes) => prefixOf(bytes));
}

function readPrefix(text: string, family: number): Prefix | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = address.includes(":") ? parseAddress(address) : readIpv4(address);
  if (bytes === undefined) return undefined;
  if (family !== AF_UNSPEC && family !== (bytes.length === 4 ? AF_INET : AF_INET6)) {
    return undefined;
  }
  const length = slash < 0 ? bytes.length * 8 : readMask(text.slice(slash + 1));
  return length === undefined || length > bytes.length * 8 ? undefined : prefixOf(bytes, length);
}

/** Reads one to four numbers, as strtoul(3) does with base 0. Missing ones are 0, so `127` is 127.0.0.0. */
function readIpv4(text: string): Uint8Array | undefined {
  const octets = text.split(".").map(parseUnsigned);
  if (octets.length > 4 || octets.some((octet) => octet === undefined || octet > 255)) {
    return undefined;
  }
  const bytes = new Uint8Array(4);
  bytes.set(octets as number[]);
  return bytes;
}

/** A length, or a mask in dotted form such as 255.255.0.0. */
function readMask(text: string): number | undefined {
  const length = parseUnsigned(text);
  if (length !== undefined) return length;
  const bytes = readIpv4(text);
  if (bytes === undefined) return undefined;
  const mask = prefixOf(bytes).words[0];
  const bits = Math.clz32(~mask);
  return mask === (bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0) ? bits : undefined;
}
