/**
 * ExplainInput made by hand, for tests of what explain works out from it.
 *
 * @module
 */
import { Diagnostics } from "../../../src/diagnostics.ts";
import { Bearers } from "../../../src/commands/explain/bearers.ts";
import type { ExplainInput, NetnsFacts } from "../../../src/commands/explain/input.ts";
import { Users } from "../../../src/etc/users.ts";
import { newSocket } from "../../../src/families/new_socket.ts";
import type { Owner } from "../../../src/model/owner.ts";
import type { Socket } from "../../../src/model/socket.ts";
import { Facts } from "../../../src/origin/facts.ts";
import { Processes } from "../../../src/origin/processes.ts";
import { ProcRoot } from "../../../src/proc/root.ts";
import type { Link } from "../../../src/reach/interfaces.ts";
import { SocketFiles } from "../../../src/reach/socket_file.ts";

/** The network namespace of all sockets, unless told otherwise. */
export const NETNS = { inode: 1000, name: null };

/** Interfaces of {@linkcode NETNS}, by name: their addresses. */
export type Devices = Readonly<Record<string, readonly string[]>>;

/** What is known of a namespace with these devices. */
export function netnsFacts(
  devices: Devices,
  parts: Partial<NetnsFacts> & { enclosed?: boolean } = {},
): NetnsFacts {
  const { enclosed = false, ...rest } = parts;
  const links = Object.keys(devices).map((name, i): Link => ({
    index: i + 1,
    name,
    up: true,
    carrier: true,
    loopback: name === "lo",
    master: null,
    kind: null,
    peerElsewhere: false,
  }));
  return {
    found: { netns: NETNS, path: "/proc/1/ns/net", pid: 1, own: !enclosed },
    interfaces: {
      links,
      addresses: links.flatMap((link) =>
        devices[link.name]!.map((address) => ({
          address,
          version: address.includes(":") ? 6 : 4,
          prefix: address.includes(":") ? 64 : 24,
          link,
        } as const))
      ),
      enclosed,
      vrfAccept: new Set(),
    },
    groups: [],
    ports: { ephemeral: [32768, 60999], reserved: [], unprivilegedStart: 1024 },
    listenOverflows: null,
    forwarding: null,
    ...rest,
  };
}

/** Input over a folder that looks like /proc. */
export function explainInput(
  path: string,
  sockets: readonly Socket[] = [],
  facts?: NetnsFacts,
): ExplainInput {
  const root = new ProcRoot(path);
  const users = new Users("/etc/passwd", () => new TextEncoder().encode("root:x:0:0::/:/bin/sh\n"));
  return {
    root,
    choice: "own",
    portsOnly: false,
    sockets,
    namespaces: new Map(facts === undefined ? [] : [[NETNS.inode, facts]]),
    facts: new Facts(root, new Processes(root, users)),
    users,
    groups: users,
    diagnostics: new Diagnostics(),
    files: new SocketFiles(root),
    bearers: new Bearers(users, root),
    hostRules: () => null,
  };
}

/** A TCP socket that listens, unless told otherwise. */
export function internet(
  address: string,
  port: number,
  parts: Partial<Socket> = {},
): Socket {
  return newSocket({ source: "netlink", netns: NETNS, interfaceName: () => null }, {
    family: address.includes(":") ? "inet6" : "inet",
    transport: "tcp",
    type: "stream",
    state: "listen",
    local: { address, port, interface: null },
    inode: 1,
    cookie: 1,
    reach: { scope: "unknown", reasons: [] },
    ...parts,
  });
}

/** A unix socket that listens. */
export function unix(local: { path?: string; name?: string }, parts: Partial<Socket> = {}): Socket {
  const bytes = (text: string | undefined) =>
    text === undefined ? null : Uint8Array.from(Buffer.from(text));
  return newSocket({ source: "netlink", netns: NETNS, interfaceName: () => null }, {
    family: "unix",
    transport: "stream",
    type: "stream",
    state: "listen",
    local: { path: bytes(local.path), name: bytes(local.name), inode: 1, file: null },
    inode: 1,
    cookie: 1,
    reach: { scope: "host", reasons: ["by the mode of its file"] },
    ...parts,
  });
}

/** An owner by what the input knows of its process. */
export function owner(input: ExplainInput, pid: number, fds: readonly number[] = [3]): Owner {
  return { pid, fds, tid: null, process: input.facts.get(pid) };
}
