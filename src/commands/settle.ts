/**
 * Settle: tells what came or went while the host was looked at from what stays.
 *
 * Sockets are listed first and their holders looked for after. A socket closed in between has no holder to find, and a
 * process that ended in between has no program: both look like something that is hidden. A second look tells.
 *
 * @module
 */
import type { OwnerDocument, SnapshotDocument, SocketDocument } from "../audit/document.ts";
import { endpointText, isService } from "../audit/identity.ts";

/**
 * More looks than this a host that changes all the time does not get. So many takes only a service that is opened anew, at the
 * same place, faster than one look lasts: what stays in doubt is settled by the third, and what was closed by the second.
 */
const MOST_LOOKS = 20;

/** Takes looks until nothing is in doubt that another look could clear up. */
export function settledDocument(look: () => SnapshotDocument): SnapshotDocument {
  let document = withoutEnded(look());
  let same = 0;
  for (let looks = 1; looks < MOST_LOOKS; looks++) {
    const doubtful = document.sockets.filter(isDoubtful);
    if (doubtful.length === 0) return document;
    document = settle(document, withoutEnded(look()));
    const before = new Set(doubtful.map(identityOfNow));
    const left = document.sockets.filter(isDoubtful);
    // Not found once, it may be with a child that was just forked. What is in doubt for the third time is hidden.
    same = left.every((socket) => before.has(identityOfNow(socket))) ? same + 1 : 0;
    if (same === 2) return document;
  }
  return document;
}

/** The first look, with what was in doubt replaced by what a later look says of it. */
export function settle(document: SnapshotDocument, later: SnapshotDocument): SnapshotDocument {
  const still = new Map(later.sockets.map((socket) => [identityOfNow(socket), socket]));
  const sure = new Set(document.sockets.filter((socket) => !isDoubtful(socket)).map(placeOf));
  const sockets: SocketDocument[] = [];
  const replaced = new Set<string>();
  for (const socket of document.sockets) {
    if (!isDoubtful(socket)) {
      sockets.push(socket);
      continue;
    }
    const now = still.get(identityOfNow(socket));
    const place = placeOf(socket);
    if (now !== undefined) {
      sockets.push(now);
    } else if (!sure.has(place) && !replaced.has(place)) {
      // It was closed. Whoever is in its place now has taken over.
      replaced.add(place);
      sockets.push(...later.sockets.filter((other) => placeOf(other) === place));
    }
  }
  return { ...document, sockets };
}

/** True for a service whose holder was not found, or of which too little is known. */
function isDoubtful(socket: SocketDocument): boolean {
  if (!isService(socket)) return false;
  if (socket.owners.length > 0) return socket.owners.some(hasEnded);
  return socket.inode !== null;
}

function identityOfNow(socket: SocketDocument): string {
  return `${placeOf(socket)} ${socket.inode}`;
}

function placeOf(socket: SocketDocument): string {
  return `${socket.netns?.inode} ${socket.family} ${socket.transport} ${endpointText(socket)}`;
}

/** Holders that ended while they were looked at are left out, where others are left. */
function withoutEnded(document: SnapshotDocument): SnapshotDocument {
  const sockets = document.sockets.map((socket) => {
    if (!socket.owners.some(hasEnded)) return socket;
    const owners = socket.owners.filter((owner) => !hasEnded(owner));
    return owners.length === 0 ? socket : { ...socket, owners };
  });
  return { ...document, sockets };
}

// Every descriptor table that can be read belongs to a process whose program and user can be read too: only the end of the
// process takes that away.
function hasEnded({ exe, uid }: OwnerDocument): boolean {
  return exe === null || uid === null;
}
