/**
 * Programs that forward ports to containers, by their arguments.
 *
 * @module
 */
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

const SLIRP = "slirp4netns";

/** True if a process with this name may be one whose arguments tell what it forwards. Names are read anyway, arguments are not. */
export function mayForward(comm: Uint8Array | null): boolean {
  return comm !== null && NAMES.test(utf8Text(comm));
}

/** True if a process with this name is one that holds ports for others: it may forward, or has a child inside, or serves one. */
export function isProxy(comm: Uint8Array | null): boolean {
  if (comm === null) return false;
  const name = utf8Text(comm);
  return NAMES.test(name) || name === SLIRP || hasChildInside(name) !== null;
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
  if ((words[0] ?? "").split("/").at(-1) !== SLIRP) return null;
  const pid = words.at(-2);
  return pid !== undefined && /^[1-9]\d*$/.test(pid) ? Number(pid) : null;
}

/** True for the programs of rootless containers that hold a port outside and have a child inside. */
export function hasChildInside(comm: string): "rootlessport" | "rootlesskit" | null {
  return comm === "rootlessport" ? "rootlessport" : comm === "rootlesskit" ? "rootlesskit" : null;
}
