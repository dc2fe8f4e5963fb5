/**
 * Target: what a person asks about, and its grammar.
 *
 * ```
 * 8080  tcp/8080  53/udp  udp:53  :http  tcp:https  *:80  10.0.0.1:53  [::1]:5432  localhost:80
 * [fe80::1%eth0]:22  127.0.0.53%lo:53
 * unix:/run/app.sock  /run/app.sock  @abstract  pid:80  inode:12345  process:nginx
 * nginx.service  unit:nginx.service  container:web  route:kernel
 * ```
 *
 * @module
 */
import { Hosts } from "../../etc/hosts.ts";
import { Services } from "../../etc/services.ts";
import { formatAddress, parseAddress, splitZone } from "../../model/endpoint.ts";
import type { Transport } from "../../model/socket.ts";

/** A port, optionally with a transport, an address and an interface. */
export interface PortTarget {
  readonly kind: "port";
  readonly text: string;
  /** `null`: any transport with ports. */
  readonly transport: Transport | null;
  /** `null`: any address. */
  readonly address: string | null;
  /** Further addresses of the same host, where it was given by a name. */
  readonly also?: readonly string[];
  /** Name or index of the interface that stands after the address; `null` for any. */
  readonly interface: string | null;
  readonly port: number;
  /** True for `*:PORT`, which the listing prints for vsock sockets too. */
  readonly anyFamily?: true;
}

/** See the module. */
export type Target =
  | PortTarget
  | { readonly kind: "unix"; readonly text: string; readonly path: string }
  | { readonly kind: "abstract"; readonly text: string; readonly name: string }
  | { readonly kind: "pid"; readonly text: string; readonly pid: number }
  | { readonly kind: "inode"; readonly text: string; readonly inode: number }
  | { readonly kind: "process"; readonly text: string; readonly name: string }
  | { readonly kind: "unit"; readonly text: string; readonly unit: string }
  /** By the beginning of its ID, or by its name. */
  | { readonly kind: "container"; readonly text: string; readonly container: string }
  /** The local end of a socket as the listing prints it, in families without a form of target of their own. */
  | { readonly kind: "endpoint"; readonly text: string };

/** A target cannot be understood. The message says what was given and what is wanted. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

const PORT_TRANSPORTS: readonly Transport[] = ["tcp", "udp", "udplite", "sctp", "dccp", "mptcp"];

/** Well-known ports, for machines without /etc/services. */
const WELL_KNOWN: Readonly<Record<string, number>> = {
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  http: 80,
  pop3: 110,
  ntp: 123,
  imap: 143,
  snmp: 161,
  ldap: 389,
  https: 443,
  imaps: 993,
  mysql: 3306,
  postgresql: 5432,
  redis: 6379,
};

/** What ends the name of a systemd unit that processes can be in. */
const UNIT = /^[^\s:/@][^\s:/]*\.(service|socket|scope|mount|swap)$/;

/** True for a word that can only be a target, not a command, a flag or the start of a filter, and for an empty one. */
export function looksLikeTarget(text: string): boolean {
  return /^($|[@/]|\d+(,\d+)*$|\d+\/[a-z]+$|\[\d+\]$|\d+\.\d+\.\d+\.\d+$)/.test(text) ||
    // A comparison makes it a filter: src=10.0.0.1:80.
    /^[^\s=<>!()&|"']*:/.test(text) || /^[a-z]+\/\S/.test(text) ||
    /^\[[0-9a-fA-F:.]+\]$/.test(text) ||
    UNIT.test(text);
}

/** True for a word that may be a name: of a process, a unit, a container, a service. */
export function looksLikeName(text: string): boolean {
  return /^[\w.+][\w.+@-]*$/.test(text);
}

/** What targets are read with. */
interface TargetTools {
  readonly services?: Services;
  readonly hosts?: Hosts;
  /** True for text that a family without a form of target of its own may print as an endpoint. */
  readonly isPrinted?: (text: string) => boolean;
}

/** Parses a word, which may name several targets: `80,443`. Throws {@linkcode TargetError}. */
export function parseTargets(text: string, tools: TargetTools = {}): Target[] {
  if (!/^\d+(,\d+)+$/.test(text)) return [parseTarget(text, tools)];
  return text.split(",").map((port) => parseTarget(port, tools));
}

/** Parses a target. Throws {@linkcode TargetError}. */
export function parseTarget(text: string, tools: TargetTools = {}): Target {
  if (text === "") failForm(text, "it is empty");
  if (text.startsWith("@")) {
    if (text.length === 1) fail(text, "the abstract name is missing");
    return { kind: "abstract", text, name: text.slice(1) };
  }
  if (text.startsWith("/")) return { kind: "unix", text, path: text };
  const scheme = /^(unix|pid|inode|process|unit|container):(.*)$/s.exec(text);
  if (scheme !== null) return byScheme(text, scheme[1]!, scheme[2]!);
  // The listing prints a unix socket without a name so.
  const unnamed = /^\[(\d+)\]$/.exec(text);
  if (unnamed !== null) return byScheme(text, "inode", unnamed[1]!);
  if (UNIT.test(text)) return { kind: "unit", text, unit: text };
  const transport = /^([a-z]+)[/:](.*)$/s.exec(text);
  const named = transport === null ? undefined : transportNamed(transport[1]!);
  if (named !== undefined) return portTarget(text, transport![2]!, named, tools);
  const after = /^(\d+)\/([a-z]+)$/.exec(text);
  if (after !== null) return portTarget(text, after[1]!, knownTransport(text, after[2]!), tools);
  if (/^[a-z]+\//.test(text)) knownTransport(text, transport![1]!);
  if (tools.isPrinted?.(text)) return { kind: "endpoint", text };
  return portTarget(text, text, null, tools);
}

function transportNamed(name: string): Transport | undefined {
  return PORT_TRANSPORTS.find((transport) => transport === name);
}

function knownTransport(text: string, name: string): Transport {
  return transportNamed(name) ??
    fail(text, `"${name}" is no transport: there are ${PORT_TRANSPORTS.join(", ")}`);
}

// For errors where the problem alone shows how to fix it.
function fail(text: string, problem: string): never {
  throw new TargetError(`"${text}": ${problem}`);
}

// For a word that has none of the forms.
function failForm(text: string, problem: string): never {
  fail(
    text,
    `${problem}; expected 8080, udp:53, 10.0.0.1:53, /PATH, @NAME, pid:N, process:NAME, unit:NAME …`,
  );
}

function byScheme(text: string, scheme: string, rest: string): Target {
  if (rest === "") fail(text, `nothing follows "${scheme}:"`);
  switch (scheme) {
    case "unix":
      return rest.startsWith("@")
        ? { kind: "abstract", text, name: rest.slice(1) }
        : { kind: "unix", text, path: rest };
    case "process":
      return { kind: "process", text, name: rest };
    case "unit":
      return { kind: "unit", text, unit: UNIT.test(rest) ? rest : `${rest}.service` };
    case "container":
      return { kind: "container", text, container: rest };
    default: {
      const number = Number(rest);
      if (!/^[1-9]\d*$/.test(rest) || !Number.isSafeInteger(number)) {
        fail(text, `"${rest}" is not a positive number`);
      }
      return scheme === "pid"
        ? { kind: "pid", text, pid: number }
        : { kind: "inode", text, inode: number };
    }
  }
}

function portTarget(
  text: string,
  rest: string,
  transport: Transport | null,
  tools: TargetTools,
): PortTarget {
  const port = (word: string) => portNumber(text, word, transport, tools.services);
  // PORT, :PORT, *:PORT, ADDRESS:PORT, [ADDRESS]:PORT, each address with %INTERFACE after it; ss has it behind the bracket.
  const bracketed = /^\[([^\]]*)\](%[^:]*)?:(.*)$/.exec(rest);
  if (bracketed !== null) return make(bracketed[1]! + (bracketed[2] ?? ""), bracketed[3]!);
  const colon = rest.lastIndexOf(":");
  if (colon < 0) {
    if (parseAddress(splitZone(rest).host) !== undefined) {
      fail(text, `the port is missing, as in ${rest}:53`);
    }
    return { kind: "port", text, transport, address: null, interface: null, port: port(rest) };
  }
  const address = rest.slice(0, colon);
  if (splitZone(address).host.includes(":")) {
    fail(
      text,
      /^\[[^\]]*\](%[^:]*)?$/.test(rest)
        ? `the port is missing, as in ${rest}:53`
        : "an IPv6 address stands in brackets, as in [::1]:53",
    );
  }
  return make(address, rest.slice(colon + 1));

  function make(given: string, word: string): PortTarget {
    const { host, zone } = splitZone(given);
    if (zone === "") fail(text, "the interface is missing after %");
    const any = host === "*" || host === "" && !rest.startsWith("[");
    const [address = null, ...also] = any ? [] : addressesOf(text, host, tools.hosts);
    const end = {
      kind: "port",
      text,
      transport,
      address,
      interface: zone,
      port: port(word),
    } as const;
    if (/^\*:\d+$/.test(text)) return { ...end, anyFamily: true };
    return also.length === 0 ? end : { ...end, also };
  }
}

/** The address that was given, or those of a host by its name in /etc/hosts. */
function addressesOf(text: string, given: string, hosts = new Hosts()): string[] {
  if (parseAddress(given) !== undefined) return [given.toLowerCase()];
  const found = /^[\d.]*$/.test(given) ? [] : hosts.addresses(given).map(formatAddress);
  // Every machine has this name, whether the file tells it or not.
  if (found.length === 0 && given.toLowerCase() === "localhost") return ["127.0.0.1", "::1"];
  if (found.length === 0) fail(text, `"${given}" is not an address, nor a name in /etc/hosts`);
  return [...new Set(found)];
}

/** The port of a service, by /etc/services or by what everybody knows; `null` where the name is not known. */
export function servicePort(
  name: string,
  transport: Transport | null,
  services = new Services(),
): number | null {
  return services.port(name, transport) ?? services.port(name, null) ??
    (Object.hasOwn(WELL_KNOWN, name) ? WELL_KNOWN[name]! : null);
}

function portNumber(
  text: string,
  word: string,
  transport: Transport | null,
  services?: Services,
): number {
  if (/^\d+$/.test(word)) {
    const port = Number(word);
    if (port < 1 || port > 65535) fail(text, "not a port: ports go from 1 to 65535");
    return port;
  }
  if (word === "") fail(text, "the port is missing");
  const port = servicePort(word, transport, services);
  if (port === null) {
    // A lone word may have been meant as any kind of target.
    if (word === text) failForm(text, "there is no such service");
    fail(text, `no service is called "${word}": give the port's number`);
  }
  return port;
}
