/**
 * Programs that forward ports to containers, by their arguments.
 *
 * @module
 */
import { formatIpv4, formatIpv6 } from "../model/endpoint.ts";
import { utf8Text } from "../text/encoding.ts";

/** Where a proxy forwards one port to. */
interface Proxy {
  readonly via: "docker-proxy" | "rootlesskit" | "pasta" | "slirp4netns" | "rootlessport";
  readonly protocol: string;
  /** `null`: every address, or not told. */
  readonly hostAddress: string | null;
  readonly hostPort: number;
  /** `null` where only the network namespace is told. */
  readonly address: string | null;
  /** `null` where only the network namespace is told. */
  readonly port: number | null;
  /** The network namespace that it leads into: a process in it, or a file that stands for it. `null`: found by the address. */
  readonly netns: { readonly pid: number } | { readonly path: string } | null;
}

// Names of those programs, as the kernel keeps them: cut at 15 bytes.
const NAMES = /^(docker-proxy|rootlesskit-doc|pasta|passt)/;

/** True if a process with this name may be one whose arguments tell what it forwards. Names are read anyway, arguments are not. */
export function mayForward(comm: Uint8Array | null): boolean {
  return comm !== null && NAMES.test(utf8Text(comm));
}

/** What a program with these arguments forwards; empty for any other program. */
export function parseProxies(cmdline: Uint8Array): Proxy[] {
  const words = utf8Text(cmdline).split("\0");
  if (words.at(-1) === "") words.pop();
  const name = (words[0] ?? "").split("/").at(-1);
  switch (name) {
    case "docker-proxy":
    case "rootlesskit-docker-proxy":
      return dockerProxy(words);
    case "pasta":
    case "pasta.avx2":
    case "passt":
      return pasta(words);
    default:
      return [];
  }
}

function dockerProxy(words: readonly string[]): Proxy[] {
  const value = (flag: string) => {
    const at = words.indexOf(flag);
    return at < 0 ? undefined : words[at + 1];
  };
  const hostPort = portNumber(value("-host-port"));
  const port = portNumber(value("-container-port"));
  const address = value("-container-ip");
  if (hostPort === null || port === null || address === undefined) return [];
  const hostAddress = value("-host-ip") ?? "0.0.0.0";
  return [{
    via: "docker-proxy",
    protocol: value("-proto") ?? "tcp",
    hostAddress: hostAddress === "0.0.0.0" || hostAddress === "::" ? null : hostAddress,
    hostPort,
    address,
    port,
    netns: null,
  }];
}

function portNumber(word: string | undefined): number | null {
  if (word === undefined || !/^\d{1,5}$/.test(word)) return null;
  const port = Number(word);
  return port > 0 && port < 65536 ? port : null;
}

// passt(1): -t and -u take [ADDRESS[%INTERFACE]/]FIRST[-LAST][:TO[-LAST]], separated by commas.
function pasta(words: readonly string[]): Proxy[] {
  const found: Proxy[] = [];
  let netns: Proxy["netns"] = null;
  const mappings: [protocol: string, spec: string][] = [];
  for (let i = 1; i < words.length; i++) {
    const [flag, given] = splitFlag(words[i]!);
    const take = () => given ?? words[++i] ?? "";
    if (flag === "-t" || flag === "--tcp-ports") mappings.push(["tcp", take()]);
    else if (flag === "-u" || flag === "--udp-ports") mappings.push(["udp", take()]);
    else if (flag === "--netns") netns = { path: take() };
    else if (/^\d+$/.test(flag) && i === words.length - 1) netns ??= { pid: Number(flag) };
  }
  for (const [protocol, spec] of mappings) {
    for (const item of spec.split(",")) {
      const match =
        /^(?:([^/%]*)(?:%[^/]*)?\/)?(\d{1,5})(?:-(\d{1,5}))?(?::(\d{1,5})(?:-\d{1,5})?)?$/
          .exec(item);
      if (match === null) continue;
      const first = portNumber(match[2]);
      const last = match[3] === undefined ? first : portNumber(match[3]);
      const to = match[4] === undefined ? first : portNumber(match[4]);
      if (first === null || last === null || to === null) continue;
      for (let port = first; port <= last; port++) {
        found.push({
          via: "pasta",
          protocol,
          hostAddress: match[1] === undefined || match[1] === "" ? null : match[1],
          hostPort: port,
          address: null,
          port: to + port - first,
          netns,
        });
      }
    }
  }
  return found;
}

function splitFlag(word: string): [flag: string, value: string | undefined] {
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** The process whose network slirp4netns serves: the argument before the last one; `null` for another program. */
export function slirpTarget(cmdline: Uint8Array): number | null {
  const words = utf8Text(cmdline).split("\0").filter((word) => word !== "");
  if ((words[0] ?? "").split("/").at(-1) !== "slirp4netns") return null;
  const pid = words.at(-2);
  return pid !== undefined && /^[1-9]\d*$/.test(pid) ? Number(pid) : null;
}

/** True for the programs of rootless containers that hold a port outside and have a child inside. */
export function hasChildInside(comm: string): "rootlessport" | "rootlesskit" | null {
  return comm === "rootlessport" ? "rootlessport" : comm === "rootlesskit" ? "rootlesskit" : null;
}

/** One service of IPVS, with the servers that share it. */
interface VirtualService {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  readonly servers: readonly {
    readonly address: string;
    readonly port: number;
    readonly weight: number;
  }[];
}

/** Parses /proc/net/ip_vs. Lines that are not understood, such as services by firewall mark, are passed over. */
export function parseVirtualServices(text: string): VirtualService[] {
  const services: VirtualService[] = [];
  let servers: { address: string; port: number; weight: number }[] | null = null;
  for (const line of text.split("\n")) {
    const service = /^(TCP|UDP)\s+(\S+):([0-9A-F]{4})\s/.exec(line);
    if (service !== null) {
      const address = addressOf(service[2]!);
      servers = address === null ? null : [];
      if (address !== null) {
        services.push({
          protocol: service[1] === "TCP" ? "tcp" : "udp",
          address,
          port: parseInt(service[3]!, 16),
          servers: servers!,
        });
      }
      continue;
    }
    const server = /^\s+->\s+(\S+):([0-9A-F]{4})\s+\S+\s+(\d+)/.exec(line);
    if (server === null) {
      if (!/^\s/.test(line)) servers = null;
      continue;
    }
    const address = addressOf(server[1]!);
    if (address !== null) {
      servers?.push({ address, port: parseInt(server[2]!, 16), weight: Number(server[3]) });
    }
  }
  return services;
}

// 0A600001, or [2001:0db8:...] in brackets.
function addressOf(text: string): string | null {
  if (/^[0-9A-F]{8}$/.test(text)) return formatIpv4(parseInt(text, 16));
  const match = /^\[([0-9a-f:]+)\]$/i.exec(text);
  return match === null ? null : shortest(match[1]!);
}

// The kernel writes all eight groups.
function shortest(text: string): string | null {
  const groups = text.split(":");
  if (groups.length !== 8 || !groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return text;
  const words = groups.map((group) => parseInt(group, 16));
  const pair = (at: number) => (words[at]! * 0x10000 + words[at + 1]!) >>> 0;
  return formatIpv6(pair(0), pair(2), pair(4), pair(6));
}
