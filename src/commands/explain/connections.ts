/**
 * Connections: which ones belong to a listener, and how many there are in which state.
 *
 * @module
 */
import { isWildcard } from "../../model/endpoint.ts";
import type { Connections } from "../../model/explanation.ts";
import type { Socket } from "../../model/socket.ts";
import { covers, sameAddress } from "../../reach/covers.ts";
import { latin1Text } from "../../text/encoding.ts";
import type { ExplainInput } from "./input.ts";
import { isServer } from "./match.ts";

/**
 * The connections of a listener. A connection belongs to the listener on its own address, and to one on a wildcard only if
 * there is none.
 */
export function connectionsOf(listener: Socket, { sockets }: ExplainInput): Socket[] {
  const { local, netns, transport, v6only, family } = listener;
  if (!("address" in local)) {
    // An accepted unix socket has the name of its listener. For a listener without a name, none can be found.
    const name = nameOf(local);
    return name === null
      ? []
      : sockets.filter((socket) =>
        socket.family === family && socket.state === "established" &&
        socket.netns?.inode === netns?.inode && nameOf(socket.local) === name
      );
  }
  const rivals = sockets.filter((socket) =>
    socket.state === "listen" && socket.transport === transport &&
    socket.netns?.inode === netns?.inode && "address" in socket.local &&
    socket.local.port === local.port && !isWildcard(socket.local.address)
  );
  return sockets.filter((socket) =>
    !isServer(socket) && socket.transport === transport && "address" in socket.local &&
    socket.netns?.inode === netns?.inode && socket.local.port === local.port &&
    covers(local.address, v6only, socket.local.address) &&
    (!isWildcard(local.address) ||
      !rivals.some(({ local: rival }) =>
        "address" in rival && "address" in socket.local &&
        sameAddress(rival.address, socket.local.address)
      ))
  );
}

// The path or the abstract name, one character a byte.
function nameOf(local: Socket["local"]): string | null {
  if (!("path" in local)) return null;
  if (local.path !== null) return `/${latin1Text(local.path)}`;
  return local.name === null ? null : `@${latin1Text(local.name)}`;
}

/**
 * Counts connections by state. `listener`: the one they belong to. A connection to a unix socket that nobody has accepted is
 * no socket of its own in the kernel's list; the listener tells how many there are.
 */
export function countConnections(
  sockets: readonly Socket[],
  listener: Socket | null = null,
): Connections {
  const peers = new Set<string>();
  const others: Partial<Record<Socket["state"], number>> = {};
  const waiting = listener?.family === "unix" ? listener.acceptQueue?.length ?? 0 : 0;
  let established = waiting;
  let unaccepted = waiting;
  let timeWait = 0;
  const ends: number[] = [];
  for (const { state, peer, ownership, timer } of sockets) {
    if (state === "established") {
      established++;
      if (ownership === "unaccepted") unaccepted++;
      if (peer !== null && "address" in peer) peers.add(peer.address);
    } else if (state === "time_wait") {
      timeWait++;
      if (timer !== null) ends.push(timer.expiresMs);
    } else others[state] = (others[state] ?? 0) + 1;
  }
  return {
    established,
    peers: peers.size,
    unaccepted,
    timeWait,
    timeWaitEndsMs: ends.length === 0 ? null : [Math.min(...ends), Math.max(...ends)],
    others,
  };
}
