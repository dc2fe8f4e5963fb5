/**
 * Target: what a person asks about, and its grammar.
 *
 * ```
 * 8080  tcp/8080  udp:53  :http  tcp:https  10.0.0.1:53  [::1]:5432  udp/10.0.0.1:53
 * unix:/run/app.sock  /run/app.sock  @abstract  pid:80  inode:12345  process:nginx
 * ```
 *
 * @module
 */
import { parseAddress } from "../../model/endpoint.ts";
import type { Transport } from "../../model/socket.ts";
import { Services } from "../../etc/services.ts";

/** A port, optionally with a transport and an address. */
export interface PortTarget {
  readonly kind: "port";
  readonly text: string;
  /** `null`: any transport with ports. */
  readonly transport: Transport | null;
  /** `null`: any address. */
  readonly address: string | null;
  readonly port: number;
}

/** See the module. */
export type Target =
  | PortTarget
  | { readonly kind: "unix"; readonly text: string; readonly path: string }
  | { readonly kind: "abstract"; readonly text: string; readonly name: string }
  | { readonly kind: "pid"; readonly text: string; readonly pid: number }
  | { readonly kind: "inode"; readonly text: string; readonly inode: number }
  | { readonly kind: "process"; readonly text: string; readonly name: string };

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

/** True for a word that can only be a target, not a command, a flag or the start of a filter, and for an empty one. */
export function looksLikeTarget(text: string): boolean {
  return /^($|\d+$|:|@|\/|\[[0-9a-fA-F:.]+\](:|$)|\d+\.\d+\.\d+\.\d+(:|$)|(tcp|udp|udplite|sctp|dccp|mptcp)[/:]|(unix|pid|inode|process):)/
    .test(text);
}

/** Parses a target. Throws {@linkcode TargetError}. */
export function parseTarget(text: string, services: Services = new Services()): Target {
  if (text === "") failForm(text, "it is empty");
  if (text.startsWith("@")) {
    if (text.length === 1) fail(text, "the abstract name is missing");
    return { kind: "abstract", text, name: text.slice(1) };
  }
  if (text.startsWith("/")) return { kind: "unix", text, path: text };
  const scheme = /^(unix|pid|inode|process):(.*)$/s.exec(text);
  if (scheme !== null) return byScheme(text, scheme[1]!, scheme[2]!);
  const transport = /^([a-z]+)[/:](.*)$/s.exec(text);
  const named = transport === null
    ? undefined
    : PORT_TRANSPORTS.find((name) => name === transport[1]);
  if (named !== undefined) return portTarget(text, transport![2]!, named, services);
  if (/^[a-z]+\//.test(text)) {
    fail(text, `"${transport![1]}" is no transport: there are ${PORT_TRANSPORTS.join(", ")}`);
  }
  return portTarget(text, text, null, services);
}

// For errors where the problem alone shows how to fix it.
function fail(text: string, problem: string): never {
  throw new TargetError(`"${text}": ${problem}`);
}

// For a word that has none of the forms.
function failForm(text: string, problem: string): never {
  fail(
    text,
    `${problem}; expected 8080, udp:53, 10.0.0.1:53, [::1]:53, /PATH, @NAME, pid:N, inode:N or process:NAME`,
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
  services: Services,
): PortTarget {
  const port = (word: string) => portNumber(text, word, transport, services);
  // PORT, :PORT, *:PORT, ADDRESS:PORT, [ADDRESS]:PORT.
  const bracketed = /^\[([^\]]*)\]:(.*)$/.exec(rest);
  if (bracketed !== null) return make(bracketed[1]!, bracketed[2]!);
  const colon = rest.lastIndexOf(":");
  if (colon < 0) {
    if (parseAddress(rest) !== undefined) fail(text, `the port is missing, as in ${rest}:53`);
    return { kind: "port", text, transport, address: null, port: port(rest) };
  }
  const address = rest.slice(0, colon);
  if (address === "" || address === "*") {
    return { kind: "port", text, transport, address: null, port: port(rest.slice(colon + 1)) };
  }
  if (address.includes(":")) {
    fail(
      text,
      /^\[[^\]]*\]$/.test(rest)
        ? `the port is missing, as in ${rest}:53`
        : "an IPv6 address stands in brackets, as in [::1]:53",
    );
  }
  return make(address, rest.slice(colon + 1));

  function make(given: string, word: string): PortTarget {
    if (parseAddress(given) === undefined) fail(text, `"${given}" is not an address`);
    return { kind: "port", text, transport, address: given.toLowerCase(), port: port(word) };
  }
}

function portNumber(
  text: string,
  word: string,
  transport: Transport | null,
  services: Services,
): number {
  if (/^\d+$/.test(word)) {
    const port = Number(word);
    if (port < 1 || port > 65535) fail(text, "not a port: ports go from 1 to 65535");
    return port;
  }
  if (word === "") fail(text, "the port is missing");
  const port = services.port(word, transport) ?? services.port(word, null) ??
    (Object.hasOwn(WELL_KNOWN, word) ? WELL_KNOWN[word]! : null);
  if (port === null) {
    // A lone word may have been meant as any kind of target.
    if (word === text) failForm(text, "no service is called so");
    fail(text, `no service is called "${word}": give the port's number`);
  }
  return port;
}
