/**
 * Addresses and ports of the sockeye dialect: `10.0.0.0/8`, `[::1]:80`, `::1`, `*:8000-8100`, `localhost:http`,
 * `[fe80::1%eth0]:22`, `/run/docker.sock`, `netlink:*:kernel`, `vsock:2:1024`.
 *
 * @module
 */
import { all, type Condition, type End, type Expr, type Prefix } from "./ast.ts";
import { ValueProblem } from "./errors.ts";
import { parsePrefix, prefixOf } from "./prefix.ts";
import { type Range, ranges, single } from "./ranges.ts";
import type { FilterResolver } from "./resolver.ts";
import { splitZone } from "../model/endpoint.ts";
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNSPEC,
  AF_VSOCK,
} from "../model/address_family.ts";

/** Reads a value of `src` and `dst`. Throws {@linkcode ValueProblem}. */
export function parseHost(text: string, end: End, resolver: FilterResolver): Expr {
  if (text.startsWith("unix:")) return unixName(text.slice(5), end, resolver);
  // These two begin like nothing else.
  if (/^[/@]/.test(text)) return unixName(text, end, resolver);
  for (const [word, family, lookUp] of NUMBERED) {
    if (!text.startsWith(`${word}:`)) continue;
    return numberedHost(text.slice(word.length + 1), end, family, lookUp(resolver));
  }
  for (const [word, family] of [["inet", AF_INET], ["inet6", AF_INET6]] as const) {
    if (!text.startsWith(`${word}:`)) continue;
    return internetHost(text.slice(word.length + 1), end, family, resolver);
  }
  // The listing prints a unix socket without a name as its inode.
  if (/^\[\d+\]$/.test(text) || resolver.isPrinted?.(text)) return { kind: "endpoint", end, text };
  return internetHost(text, end, AF_UNSPEC, resolver);
}

/** Reads a value of `sport` and `dport`: a port, a service or a range. Throws {@linkcode ValueProblem}. */
export function parsePorts(text: string, resolver: FilterResolver): Range {
  const name = text.startsWith(":") ? text.slice(1) : text;
  if (name === "*" || name === "any") return { first: 0, last: 0xffff };
  const match = /^(\d+|0x[0-9a-f]+)(?:(-)(\d*))?$/i.exec(name);
  if (match !== null) {
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : match[3] === "" ? 0xffff : Number(match[3]);
    if (first > 0xffff || last > 0xffff) {
      throw new ValueProblem(`Port ${Math.max(first, last)} does not exist`, "a port up to 65535");
    }
    if (first <= last) return { first, last };
    throw new ValueProblem(`The range ${name} runs backwards`, `${last}-${first}`);
  }
  const port = name === "" ? undefined : resolver.port(name, ["tcp", "udp"]);
  if (port === "ambiguous") {
    throw new ValueProblem(`"${name}" is one port for tcp and another for udp`, "a port number");
  }
  if (port === undefined) throw new ValueProblem(`"${text}" is not a port or a service`);
  return { first: port, last: port };
}

/** The condition for the name of a unix socket, or for the file that a path leads to. */
export function unixName(pattern: string, end: End, resolver: FilterResolver): Condition {
  // Only a path means a file. What has signs of a pattern is compared with names.
  const file = /^@|[*?[\\]/.test(pattern) || pattern === ""
    ? undefined
    : resolver.socketFile(pattern);
  return { kind: "unix_name", end, pattern, ...file === undefined ? {} : { file } };
}

type LookUp = (resolver: FilterResolver) => (name: string) => number | undefined;

/** Families whose address is a number, and whose port is one. */
const NUMBERED: readonly (readonly [string, number, LookUp])[] = [
  ["link", AF_PACKET, (resolver) => (name) => resolver.linkProtocol(name)],
  ["netlink", AF_NETLINK, (resolver) => (name) => resolver.netlinkProtocol(name)],
  ["vsock", AF_VSOCK, () => () => undefined],
];

function numberedHost(
  text: string,
  end: End,
  family: number,
  lookUp: (name: string) => number | undefined,
): Condition {
  const [address = "", port = "", ...more] = text.split(":");
  const number = (part: string): number | null => {
    if (part === "" || part === "*") return null;
    const value = /^-?\d{1,10}$/.test(part) ? Number(part) : lookUp(part);
    if (value === undefined || more.length > 0) {
      throw new ValueProblem(`"${text}" is not understood`, "NUMBER:PORT, either of them may be *");
    }
    return value;
  };
  const value = number(address);
  const wanted = family === AF_NETLINK && port === "kernel" ? 0 : number(port);
  const prefix: Prefix = value === null
    ? { family, words: [0, 0, 0, 0], length: 0 }
    : { family, words: [value >>> 0, 0, 0, 0], length: 32 };
  return { kind: "host", end, addresses: [prefix], ports: wanted === null ? null : single(wanted) };
}

function internetHost(
  text: string,
  end: End,
  family: number,
  resolver: FilterResolver,
): Expr {
  const { address: whole, port } = splitPort(text);
  // The length of a prefix stands after the interface (RFC 4007, 11.7).
  const { host, zone } = splitZone(whole.replace(/\/\d+$/, ""));
  const address = host + whole.slice(zone === null ? host.length : host.length + 1 + zone.length);
  const ports = port === null || port === "" || port === "*"
    ? null
    : ranges([parsePorts(port, resolver)]);
  const asked: Condition = {
    kind: "host",
    end,
    addresses: addressesOf(address, family, resolver),
    ports,
  };
  return zone === null ? asked : all([asked, parseDevice(zone)]);
}

/** Reads an interface: its name, or its index. Throws {@linkcode ValueProblem}. */
export function parseDevice(text: string): Condition {
  if (text === "") throw new ValueProblem("The name is empty", "an interface");
  return { kind: "device", name: text, index: /^\d{1,9}$/.test(text) ? Number(text) : null };
}

/** `[::1]:80`, `10.0.0.1:80`, `host:80`; two colons and no bracket make an IPv6 address without a port. */
function splitPort(text: string): { address: string; port: string | null } {
  // ss has the interface behind the bracket.
  const bracketed = /^\[([^\]]*)\](%[^:/]*)?(\/\d+)?(?::(.*))?$/.exec(text);
  if (bracketed !== null) {
    const [, address = "", zone = "", length = "", port = null] = bracketed;
    return { address: address + zone + length, port };
  }
  if (text.startsWith("[")) {
    throw new ValueProblem(
      `"${text}" is not an address in brackets`,
      "[ADDRESS] or [ADDRESS]:PORT",
    );
  }
  const colon = text.indexOf(":");
  if (colon < 0 || text.indexOf(":", colon + 1) >= 0) return { address: text, port: null };
  return { address: text.slice(0, colon), port: text.slice(colon + 1) };
}

function addressesOf(text: string, family: number, resolver: FilterResolver): readonly Prefix[] {
  if (["", "*", "any", "all", "default"].includes(text)) {
    return family === AF_UNSPEC ? [] : [{ family, words: [0, 0, 0, 0], length: 0 }];
  }
  const prefix = parsePrefix(text);
  if (prefix !== undefined && family !== AF_UNSPEC && prefix.family !== family) {
    throw new ValueProblem(`"${text}" is of another family than asked for`, "its own family");
  }
  if (prefix !== undefined) return [prefix];
  // What looks like an address but is none is not looked up as a name.
  const found = /^[\d./]*$|[:/]/.test(text) ? [] : resolver.addresses(text, family);
  if (found.length > 0) return found.map((bytes) => prefixOf(bytes));
  throw new ValueProblem(
    `"${text}" is not an address or a known host`,
    "an address such as 10.0.0.1, 10.0.0.0/8 or [::1]:80",
  );
}
