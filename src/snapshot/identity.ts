/**
 * Identity: how a service is recognised in a later snapshot. It contains no process ID, no inode, no peer and no port that the
 * kernel picked.
 *
 * @module
 */
import { familyOf } from "../families/mod.ts";
import { DEFAULT_LOCAL_PORTS } from "../model/port_range.ts";
import type { HostDocument, OwnerDocument, SocketDocument } from "./document.ts";
import { stablePath } from "./stable_path.ts";

/** The name of a service across runs. */
export interface Identity {
  /** `host tcp 0.0.0.0:22`: the same for the same service in every run. {@linkcode shortId} makes a short ID of it. */
  readonly key: string;
  /** `host`, `name:web`, `container:docker`, or `other`. */
  readonly netns: string;
  /** `tcp 0.0.0.0:22`, with the port even if the kernel picked it. */
  readonly endpoint: string;
  /** True if the port is in the range that the kernel picks from. The key then has `ephemeral` in place of the port. */
  readonly ephemeral: boolean;
}

/** True for a service that can be recognised later: one with a name that the kernel made up cannot. */
export function isService(socket: SocketDocument): boolean {
  const family = familyOf(socket.family);
  return family.serves(socket) && !family.namedByKernel?.(socket);
}

/** What happens to further connections while the accept queue of a socket is full. */
export function fullQueueText({ family }: SocketDocument): string {
  return familyOf(family).fullQueue ?? "nothing more fits";
}

/** A label for the network namespace of a socket that stays the same after a restart, which its inode does not. */
function netnsLabel(socket: SocketDocument, host: HostDocument): string {
  const { netns } = socket;
  if (netns === null || host.netns === null || netns.inode === host.netns) return "host";
  const container = socket.owners.find((owner) => owner.container !== null)?.container;
  if (container) return `container:${container.name ?? container.runtime ?? "unnamed"}`;
  return netns.name === null ? "other" : `name:${netns.name}`;
}

/** The label of a network namespace as people read it in a column about namespaces. */
export function namespaceText(label: string): string {
  return label === "other" ? "another" : label;
}

/** The label of a network namespace as people read it behind an endpoint, in parentheses; empty for the host's. */
export function inNamespace(label: string | null): string {
  if (label === null || label === "host") return "";
  return label === "other" ? " (another network namespace)" : ` (${label})`;
}

/** True for a port in the range that the host's kernel picks from. */
function isEphemeral(port: number, host: HostDocument): boolean {
  const { first, last } = host.ephemeral_ports ?? DEFAULT_LOCAL_PORTS;
  return port >= first && port <= last;
}

/** The local end of a socket as text: `0.0.0.0:22`, `[::1]:80`, `/run/x.sock`. */
export function endpointText(socket: SocketDocument, port?: string): string {
  const { local } = socket;
  if (typeof local.address === "string") {
    const scope = local.interface ? `%${local.interface}` : "";
    const address = local.address.includes(":")
      ? `[${local.address}${scope}]`
      : `${local.address}${scope}`;
    return `${address}:${port ?? (socket.protocol ?? local.port ?? "*")}`;
  }
  if (local.path) return local.path;
  if (local.name) return `@${local.name}`;
  const rest = Object.entries(local).filter(([, value]) =>
    typeof value === "number" || typeof value === "string"
  );
  return rest.map(([key, value]) => `${key}=${value}`).sort().join(",") || "-";
}

/** The same, without the parts of a unix path that change with every run. */
function stableText(socket: SocketDocument): string {
  const { path, name } = socket.local;
  return path || name ? stablePath(endpointText(socket), socket.owners) : endpointText(socket);
}

/** `tcp`, `unix-stream`, `packet`. */
export function transportText(socket: SocketDocument): string {
  return socket.family === "unix" || socket.family === "vsock"
    ? `${socket.family}-${socket.transport}`
    : socket.transport;
}

/** The short form of a key: twelve hexadecimal digits of its hash, for command lines and fingerprints. */
export function shortId(key: string): string {
  return Bun.SHA256.hash(key, "hex").slice(0, 12);
}

/** The identity of a socket on a host. */
export function identify(socket: SocketDocument, host: HostDocument): Identity {
  const netns = netnsLabel(socket, host);
  const { port } = socket.local;
  const ephemeral = typeof port === "number" && socket.protocol === null &&
    (socket.family === "inet" || socket.family === "inet6") &&
    // The "port" of a ping socket is the identifier in its echo requests, which the kernel picks like a port.
    (socket.transport === "icmp" || isEphemeral(port, host));
  const transport = transportText(socket);
  const endpoint = `${transport} ${stableText(socket)}`;
  const stable = ephemeral ? `${transport} ${endpointText(socket, "ephemeral")}` : endpoint;
  // Services on ports that the kernel picked can be told apart only by their owners.
  const who = ephemeral ? ` ${programs(socket)}` : "";
  const key = `${netns} ${stable}${who}`;
  return { key, netns, endpoint, ephemeral };
}

function programs(socket: SocketDocument): string {
  if (socket.owners.length === 0) return `(${socket.ownership})`;
  return [...new Set(socket.owners.map(program))].sort().join(",");
}

/** The program file of an owner, or its name in brackets if the file cannot be read. */
export function program(owner: OwnerDocument): string {
  return owner.exe ?? `[${owner.comm ?? "?"}]`;
}

/** The unit of an owner, without the numbers that systemd makes up for sessions, transient units and applications. */
export function stableUnit(unit: string | null): string | null {
  if (unit === null) return null;
  return unit.replace(/^session-c?\d+\.scope$/, "session-N.scope")
    .replace(/^run-(?:[pru])?[0-9a-f-]+(?=[.-])/, "run-N")
    .replace(/^(app-.*)-[0-9a-f]+\.scope$/, "$1-N.scope");
}

/** The user of an owner: name, or number. */
export function userText(owner: OwnerDocument): string | null {
  return owner.user ?? (owner.uid === null ? null : String(owner.uid));
}

/** The container of an owner: its name or else its runtime, because IDs change. `null` for a process of the host. */
export function containerText(owner: OwnerDocument): string | null {
  if (owner.container === null) return null;
  const { runtime, name } = owner.container;
  return name === null ? runtime ?? "unnamed" : `${runtime ?? "unknown"}:${name}`;
}
