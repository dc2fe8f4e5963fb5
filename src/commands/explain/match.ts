/**
 * Match: which sockets a target asks about.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { familyOf } from "../../families/mod.ts";
import { covers } from "../../reach/covers.ts";
import { utf8Text } from "../../text/encoding.ts";
import { formatEndpoint } from "../../views/columns.ts";
import type { ExplainInput } from "./input.ts";
import type { PortTarget, Target } from "./target.ts";
import { isAt } from "./unix_path.ts";

/** Transports with ports. The "port" of a raw socket is a protocol. */
const WITH_PORTS = new Set(["tcp", "udp", "udplite", "sctp", "dccp", "mptcp"]);

/** True for a socket on the port of a target, on its address or with `anyAddress` on any. */
export function matchesPort(socket: Socket, target: PortTarget, anyAddress = false): boolean {
  const { local } = socket;
  return "address" in local && local.port === target.port && WITH_PORTS.has(socket.transport) &&
    (target.transport === null || socket.transport === target.transport) &&
    // What is bound to no interface serves every one.
    (anyAddress || target.interface === null || local.interface === null ||
      local.interface === target.interface) &&
    (anyAddress || target.address === null ||
      [target.address, ...target.also ?? []].some((address) =>
        covers(local.address, socket.v6only, address)
      ));
}

/** True for a socket that a target asks about. */
export function matches(
  socket: Socket,
  target: Target,
  { files, bearers }: Pick<ExplainInput, "files" | "bearers">,
): boolean {
  switch (target.kind) {
    case "port":
      // A connection is shown with its listener, or as something nearby.
      return isServer(socket) &&
        (matchesPort(socket, target) ||
          target.anyFamily === true && isPrinted(socket, target.text));
    case "pid":
    case "process":
    case "unit":
    case "container":
      return socket.owners.some(({ process }) => bearers.bears(process, target));
    case "inode":
      return socket.inode === target.inode;
    case "unix":
      return isServer(socket) &&
        (isAt(socket, target.path, files) !== null || isEscaped(socket, target.path));
    case "abstract":
      return "name" in socket.local && socket.local.name !== null && isServer(socket) &&
        // Most tools write NULs inside a name as @.
        (utf8Text(socket.local.name).replaceAll("\0", "@") === target.name ||
          isEscaped(socket, `@${target.name}`));
    case "endpoint":
      return isPrinted(socket, target.text);
  }
}

/** True if the listing prints the local end so. */
function isPrinted({ family, local }: Socket, text: string): boolean {
  return formatEndpoint(family, local) === text;
}

/** True if the listing prints a name so, with escapes in place of what a terminal must not get. */
function isEscaped(socket: Socket, text: string): boolean {
  return text.includes("\\") && isPrinted(socket, text);
}

/** True for a socket that serves an address or at least occupies one, not for a connection. */
export function isServer(socket: Socket): boolean {
  const { state, peer } = socket;
  return familyOf(socket.family).serves(socket) || state === "listen" ||
    state === "bound_inactive" || state === "close" && peer === null;
}

/**
 * True when a table that could not be read may hold what a target asks about. `table` is its label: `tcp over IPv4`, `unix`.
 * Kinds of socket that many kernels cannot list matter only if they were asked for.
 */
export function concerns(table: string, target: Target): boolean {
  if (/^(vsock|xdp|tipc|sctp|dccp|mptcp)/.test(table)) {
    return target.kind === "port" && target.transport !== null &&
      table.startsWith(target.transport);
  }
  const unix = target.kind === "unix" || target.kind === "abstract";
  return target.kind === "port"
    ? !/^(unix|packet|netlink)/.test(table)
    : !unix || table.startsWith("unix");
}
