/**
 * Settle: tells what came or went while the host was looked at from what stays.
 *
 * Sockets are listed first and their holders looked for after. A socket closed in between has no holder to find, and a
 * process that ended in between has no program: both look like something that is hidden. A second look tells.
 *
 * @module
 */
import type { OwnerDocument, SnapshotDocument, SocketDocument } from "./document.ts";
import { endpointText, isService } from "./identity.ts";

/**
 * More looks than this a host that changes all the time does not get. So many takes only a service that is opened anew, at the
 * same place, faster than one look lasts: what stays in doubt is settled by the third, and what was closed by the second.
 */
const MOST_LOOKS = 20;

/** What a further look is for. */
export interface Doubt {
  /** It need only show sockets like these: the less it lists, the sooner after it the holders are looked for. */
  readonly sockets: readonly SocketDocument[];
  /** Where it need only look for holders: processes that held something in an earlier look. `null`: everywhere. */
  readonly holders: ReadonlySet<number> | null;
}

/** After so many looks everywhere, the next are quick ones. */
const LOOKS_EVERYWHERE = 3;

/** Takes looks until nothing is in doubt that another look could clear up. The first is told of no doubt. */
export function settledDocument(look: (doubt: Doubt | null) => SnapshotDocument): SnapshotDocument {
  let document = withoutEnded(look(null));
  const holders = new Set<number>();
  const remember = ({ sockets }: SnapshotDocument) => {
    for (const { owners } of sockets) for (const { pid } of owners) holders.add(pid);
  };
  remember(document);
  let same = 0;
  for (let looks = 1; looks < MOST_LOOKS; looks++) {
    const doubtful = document.sockets.filter(isDoubtful);
    if (doubtful.length === 0) return document;
    const everywhere = looks < LOOKS_EVERYWHERE;
    const later = withoutEnded(look({ sockets: doubtful, holders: everywhere ? null : holders }));
    if (everywhere) remember(later);
    document = settle(document, later, everywhere);
    const before = new Set(doubtful.map(identityOfNow));
    const left = document.sockets.filter(isDoubtful);
    // Not found once, it may be with a child that was just forked. What is in doubt for the third time is hidden.
    const still = everywhere ? before : new Set(later.sockets.map(identityOfNow));
    same = left.every((socket) => {
        const identity = identityOfNow(socket);
        return before.has(identity) && still.has(identity);
      })
      ? same + 1
      : 0;
    if (same === 2) return document;
  }
  return document;
}

/**
 * The first look, with what was in doubt replaced by what a later look says of it. That a holder was not found counts for
 * something only where it was looked for `everywhere`.
 */
function settle(
  document: SnapshotDocument,
  later: SnapshotDocument,
  everywhere: boolean,
): SnapshotDocument {
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
      sockets.push(everywhere || !isDoubtful(now) ? now : socket);
    } else if (!sure.has(place) && !replaced.has(place)) {
      // It was closed. Whoever is in its place now has taken over.
      replaced.add(place);
      const there = later.sockets.filter((other) => placeOf(other) === place);
      const told = everywhere ? there : there.filter((other) => !isDoubtful(other));
      sockets.push(...(told.length === 0 && there.length > 0 ? [socket] : told));
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
