/**
 * Peers: who is at the other end of a socket, where both ends are on this machine.
 *
 * @module
 */
import type { Owner } from "../model/owner.ts";
import type { Endpoint, Socket } from "../model/socket.ts";
import { latin1Text } from "../text/encoding.ts";

/**
 * Fills in `peerOwners` and the name of the other end. It does so for the sockets whose source tells which socket that is:
 * `peerOwners` of the others is `null`. `sockets` must have their owners, and must be whole tables, not the filtered answer:
 * the other ends have to be among them.
 *
 * A listener and a bound datagram socket have no end of their own for each socket that is connected to them. Their other ends
 * are those of their connections.
 */
export function attachPeers(sockets: readonly Socket[]): void {
  const ends = new Map<number, Socket>();
  const callers = new Map<number, Socket[]>();
  const acceptors = new Map<number, Socket>();
  const connections = new Map<string, Socket[]>();
  for (const socket of sockets) {
    if (socket.peerOwners === null) continue;
    if (socket.inode !== null) ends.set(socket.inode, socket);
    if (socket.waitingInodes !== undefined) {
      for (const inode of socket.waitingInodes) acceptors.set(inode, socket);
    }
    if (socket.peerInode === null || socket.state !== "established") continue;
    const name = serverName(socket);
    if (name !== null) add(connections, name, socket);
  }
  for (const socket of sockets) {
    if (socket.peerOwners === null || socket.peerInode === null) continue;
    // Both ends of a connection name each other: only for the others is it worth a list.
    if (ends.get(socket.peerInode)?.peer === null) add(callers, socket.peerInode, socket);
  }
  for (const socket of sockets) {
    if (socket.peerOwners === null) continue;
    if (socket.peer !== null) connected(socket, ends, acceptors);
    else server(socket, ends, callers, connections);
  }
}

function connected(
  socket: Socket,
  ends: ReadonlyMap<number, Socket>,
  acceptors: ReadonlyMap<number, Socket>,
): void {
  // A connection that no process has accepted yet has no other end. It waits in the queue of a listener.
  const other = socket.peerInode !== null
    ? ends.get(socket.peerInode)
    : socket.inode !== null
    ? acceptors.get(socket.inode)
    : undefined;
  // It is in another network namespace, or was closed while we looked.
  socket.peerOwners = other === undefined || isUnsure(other) ? null : other.owners;
  if (other === undefined) return;
  // An unnamed end is known by its inode, which is there already.
  if (!isUnnamed(other.local, socket.peerInode)) socket.peer = peerEnd(other.local);
  if ("file" in other.local) socket.peerFile = other.local.file ?? null;
}

// What is only told of a socket itself is left out at the other end.
function peerEnd(local: Endpoint): Endpoint {
  if (!("file" in local)) return local;
  const { path, name, inode } = local;
  return { path, name, inode };
}

function isUnnamed(local: Endpoint, inode: number | null): boolean {
  return "path" in local && local.path === null && local.name === null && local.inode === inode;
}

/** True where it may have an owner that was not found. */
function isUnsure({ ownership }: Socket): boolean {
  return ownership === "hidden" || ownership === "unknown";
}

function server(
  socket: Socket,
  ends: ReadonlyMap<number, Socket>,
  callers: ReadonlyMap<number, readonly Socket[]>,
  connections: ReadonlyMap<string, readonly Socket[]>,
): void {
  const name = socket.state === "listen" ? serverName(socket) : null;
  const others = name === null
    ? socket.inode === null ? [] : callers.get(socket.inode) ?? []
    // The accepted ends bear the name of their listener.
    : [
      ...(connections.get(name) ?? []).map((end) => end.peerInode!),
      ...socket.waitingInodes ?? [],
    ].flatMap((inode) => ends.get(inode) ?? []);
  socket.peerOwners = merge(others.map(({ owners }) => owners));
}

/** One entry for each process and thread, ascending, with the descriptors of all its ends. */
function merge(lists: readonly (readonly Owner[])[]): Owner[] {
  const merged = new Map<string, Owner>();
  for (const owner of lists.flat()) {
    const key = `${owner.pid}:${owner.tid ?? ""}`;
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? owner
        : { ...known, fds: [...new Set([...known.fds, ...owner.fds])].sort((a, b) => a - b) },
    );
  }
  return [...merged.values()].sort((a, b) => a.pid - b.pid || (a.tid ?? 0) - (b.tid ?? 0));
}

/** What a listener and its accepted ends have in common; `null` for a socket without a name. */
function serverName({ local, netns, type }: Socket): string | null {
  if (!("path" in local)) return null;
  const { file } = local;
  // Another socket may have been bound to the same path before.
  if (file) return `${type} ${file.major}:${file.minor} ${file.inode}`;
  const name = local.path ?? local.name;
  if (name === null) return null;
  // An abstract name belongs to one network namespace. A path does not, but no two namespaces have sockets at one path.
  return `${netns?.inode ?? ""} ${type} ${local.path === null ? "@" : "/"}${latin1Text(name)}`;
}

function add<Key>(map: Map<Key, Socket[]>, key: Key, socket: Socket): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [socket]);
  else list.push(socket);
}
