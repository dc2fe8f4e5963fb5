/**
 * Makes events out of what is known.
 *
 * @module
 */
import type { EventProcess, SocketEvent } from "../model/event.ts";
import type { Owner } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";

/** An event of which nothing is known but these details. */
export function newEvent(
  details: Partial<SocketEvent> & Pick<SocketEvent, "event" | "atNs">,
): SocketEvent {
  return {
    netns: null,
    cookie: null,
    family: null,
    transport: null,
    type: null,
    local: null,
    peer: null,
    process: null,
    how: null,
    owners: [],
    outcome: null,
    error: null,
    backlog: null,
    datagrams: null,
    failed: null,
    bytesSent: null,
    bytesReceived: null,
    durationMs: null,
    reason: null,
    service: false,
    existing: false,
    ...details,
  };
}

/** Where a socket is and who holds it, as a search for owners has found. */
export function factsOf(socket: Socket, owners: readonly Owner[] = socket.owners) {
  const { netns, cookie, family, transport, type, local, peer } = socket;
  const all = owners.map(eventProcess);
  return {
    netns,
    cookie,
    family,
    transport,
    type,
    local,
    peer,
    process: all.length === 1 ? all[0]! : null,
    how: all.length === 0 ? null : "owner-pass" as const,
    owners: all.length > 1 ? all : [],
  };
}

function eventProcess({ pid, tid, process }: Owner): EventProcess {
  const { ppid, comm, exe, cmdline, uid, user, unit, container } = process;
  return { pid, tid, ppid, comm, exe, cmdline, uid, user, unit, container };
}

/** What is there already, as the event that would have told of it; `null` for what is only left over. */
export function existingEvent(socket: Socket, atNs: bigint): SocketEvent | null {
  const { state, peer, acceptQueue } = socket;
  if (state === "time_wait") return null;
  return newEvent({
    ...factsOf(socket),
    event: state === "listen" ? "listen" : peer === null ? "bind" : "connect",
    atNs,
    outcome: peer === null ? null : "established",
    backlog: acceptQueue?.limit ?? null,
    service: peer === null,
    existing: true,
  });
}
