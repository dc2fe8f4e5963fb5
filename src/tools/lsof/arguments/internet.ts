/**
 * The address grammar of `-i`: `[46][protocol][@host][:ports]`.
 *
 * @module
 */
import type { InternetItem, InternetProtocol, LsofLookups } from "../query.ts";
import { formatAddress, inetAton, parseAddress, withoutMapping } from "../../../model/endpoint.ts";
import { LsofError } from "./error.ts";

/** What the value of one `-i` means. */
type InternetArgument =
  | { readonly kind: "version"; readonly version: 4 | 6 }
  | { readonly kind: "items"; readonly items: readonly InternetItem[] };

/** Throws the error for this argument. */
type Fail = (what: string) => never;

/** A host, or any host of a version. */
interface Host {
  readonly version: 4 | 6 | null;
  readonly address: string | null;
}

/**
 * Parses the value of `-i`. `inherited` is the version of an earlier `-i4` or `-i6`; it holds for values that have none of
 * their own. Throws {@linkcode LsofError}.
 */
export function parseInternet(
  argument: string,
  inherited: 4 | 6 | null,
  lookups: LsofLookups,
): InternetArgument {
  const fail: Fail = (what) => {
    throw new LsofError(`${what}: -i ${argument}`);
  };
  let rest = argument;
  let version = inherited;
  const digit = rest[0];
  if (digit === "4" || digit === "6") {
    version = digit === "4" ? 4 : 6;
    rest = rest.slice(1);
    if (rest === "") return { kind: "version", version };
  }
  const name = /^[^@:]*/.exec(rest)![0];
  rest = rest.slice(name.length);
  const lower = name.toLowerCase();
  if (name !== "" && !isProtocol(lower)) return fail(`unknown protocol name (${name}) in`);
  const protocol = isProtocol(lower) ? lower : null;
  let hosts: readonly Host[] = [{ version, address: null }];
  if (rest.startsWith("@")) {
    const parsed = parseHost(rest.slice(1), version, lookups, fail);
    hosts = parsed.hosts;
    rest = parsed.rest;
  }
  const ranges = rest === "" ? [null] : parsePorts(rest, protocol, lookups, fail);
  // Without a protocol and ports there must be an address, and 0.0.0.0 counts as none.
  if (protocol === null && ranges[0] === null && hosts.some(({ address }) => address === null)) {
    return fail("incomplete Internet address specification");
  }
  const items = ranges.flatMap((ports) =>
    hosts.map((host): InternetItem => ({ argument, ...host, protocol, ports }))
  );
  return { kind: "items", items };
}

function isProtocol(name: string): name is InternetProtocol {
  return name === "tcp" || name === "udp" || name === "udplite";
}

function parseHost(
  text: string,
  version: 4 | 6 | null,
  lookups: LsofLookups,
  fail: Fail,
): { hosts: readonly Host[]; rest: string } {
  if (text === "" || text.startsWith(":")) return fail("unacceptable Internet address in");
  if (text.startsWith("[")) return parseIpv6(text, version, fail);
  const host = /^[^:]*/.exec(text)![0];
  const rest = text.slice(host.length);
  const dotted = dottedAddress(host);
  if (dotted !== null) {
    if (version === 6) return fail("IPv4 addresses are prohibited");
    const address = dotted === "0.0.0.0" ? null : dotted;
    return { hosts: [{ version: 4, address }], rest };
  }
  const short = version === 6 ? null : shortAddress(host);
  if (short !== null) {
    return { hosts: [{ version: 4, address: short === "0.0.0.0" ? null : short }], rest };
  }
  const hosts = lookups.addresses(host)
    .filter((found) => version === null || found.version === version)
    .toSorted((a, b) => b.version - a.version);
  if (hosts.length === 0) return fail(`unknown host name (${host}) in`);
  return { hosts, rest };
}

/** Reads four numbers up to 255 with dots between them, all decimal, even with leading zeros. `null` for other text. */
function dottedAddress(text: string): string | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (match === null) return null;
  const octets = match.slice(1).map(Number);
  return octets.every((octet) => octet <= 255) ? octets.join(".") : null;
}

/** Reads one to three numbers as inet_aton(3) does. `null` for other text; four are a dotted address. */
function shortAddress(text: string): string | null {
  const bytes = text.split(".").length > 3 ? undefined : inetAton(text);
  return bytes === undefined ? null : formatAddress(bytes);
}

function parseIpv6(
  text: string,
  version: 4 | 6 | null,
  fail: Fail,
): { hosts: readonly Host[]; rest: string } {
  if (version === 4) return fail("IPv6 addresses are prohibited");
  const end = text.lastIndexOf("]");
  const inside = text.slice(1, Math.max(end, 1));
  const bytes = end < 0 || !inside.includes(":") ? undefined : parseAddress(inside);
  if (bytes === undefined || bytes.every((byte) => byte === 0)) {
    return fail("unacceptable Internet address in");
  }
  const rest = text.slice(end + 1);
  const plain = withoutMapping(bytes);
  if (plain === bytes) return { hosts: [{ version: 6, address: formatAddress(bytes) }], rest };
  if (version === 6) return fail("IPv4 addresses are prohibited");
  return { hosts: [{ version: 4, address: formatAddress(plain) }], rest };
}

/** Parses a list of ports, services, and ranges. The start of a range is a port number. */
function parsePorts(
  text: string,
  protocol: InternetProtocol | null,
  lookups: LsofLookups,
  fail: Fail,
): { first: number; last: number }[] {
  const bad = () => fail("unacceptable port specification in");
  if (!text.startsWith(":") || text === ":") return bad();
  const entries = text.slice(1).split(",");
  // A comma at the end is ignored. Anywhere else an empty entry is a service without a name.
  if (entries.length > 1 && entries.at(-1) === "") entries.pop();
  return entries.map((entry) => {
    if (!/^\d/.test(entry)) {
      const port = servicePort(entry, protocol, lookups, fail);
      return { first: port, last: port };
    }
    const match = /^(\d+)(?:-(?:(\d+)|([^\d].*))?)?$/s.exec(entry);
    if (match === null) return bad();
    const first = Number(match[1]);
    if (!entry.includes("-")) return { first, last: first };
    const [, , number, service] = match;
    const last = service !== undefined
      ? servicePort(service, protocol, lookups, fail)
      : Number(number ?? 0);
    return last < first ? bad() : { first, last };
  });
}

function servicePort(
  name: string,
  protocol: InternetProtocol | null,
  lookups: LsofLookups,
  fail: Fail,
): number {
  if (name === "") return fail("invalid service name");
  if (protocol !== null) {
    return lookups.service(name, protocol) ?? fail(`unknown service ${name} for ${protocol} in`);
  }
  const tcp = lookups.service(name, "tcp");
  const udp = lookups.service(name, "udp");
  if (tcp !== null && udp !== null && tcp !== udp) {
    return fail(
      `TCP=${tcp} and UDP=${udp} ${name} ports conflict; specify "tcp:${name}" or "udp:${name}"`,
    );
  }
  return tcp ?? udp ?? fail(`unknown service ${name} in`);
}
