/**
 * Rescan: scans the host again until what came or went during a scan is told apart from what stays.
 *
 * Sockets are listed first, and their owners are looked for afterwards. A socket that was closed in between has no owner to
 * find, and a process that ended in between has no program. Both look hidden; another scan shows that they are gone.
 *
 * @module
 */
import { mayHide } from "../model/verdict.ts";
import type { GapDocument, OwnerDocument, SnapshotDocument, SocketDocument } from "./document.ts";
import { endpointText, isService } from "./identity.ts";

/**
 * A host that changes all the time is not scanned more often than this. Most snapshots need three scans at most: the second
 * shows what was closed, the third what is really hidden. Only a service that is opened anew at the same place faster than
 * one scan takes can use up all of them.
 */
const MAX_SCANS = 20;

/** After so many full scans, the next look for owners only among processes that are known to own something. */
const FULL_SCANS = 3;

/** What another scan is to clear up. */
interface Uncertain {
  /** Only sockets like these are needed. The less a scan lists, the sooner it gets to the owners. */
  readonly sockets: readonly SocketDocument[];
  /** The only processes to look at: those that owned a socket in an earlier scan. `null`: all processes. */
  readonly pids: ReadonlySet<number> | null;
}

/** Scans until nothing is uncertain that another scan could clear up. The first scan is given `null`. */
export function rescanUntilStable(
  scan: (uncertain: Uncertain | null) => SnapshotDocument,
): SnapshotDocument {
  let document = withoutEnded(scan(null));
  const pids = new Set<number>();
  const remember = ({ sockets }: SnapshotDocument) => {
    for (const { owners } of sockets) for (const { pid } of owners) pids.add(pid);
  };
  remember(document);
  let unchanged = 0;
  for (let scans = 1; scans < MAX_SCANS; scans++) {
    const uncertain = document.sockets.filter(isUncertain);
    if (uncertain.length === 0) return document;
    const full = scans < FULL_SCANS;
    const later = withoutEnded(scan({ sockets: uncertain, pids: full ? null : pids }));
    if (full) remember(later);
    document = merge(document, later, full);
    const before = new Set(uncertain.map(identityOfNow));
    const left = document.sockets.filter(isUncertain);
    const listed = full ? before : new Set(later.sockets.map(identityOfNow));
    // An owner that was missed once may be a child that was just forked. What stays uncertain in three scans is hidden.
    unchanged = left.every((socket) => {
        const identity = identityOfNow(socket);
        return before.has(identity) && listed.has(identity);
      })
      ? unchanged + 1
      : 0;
    if (unchanged === 2) return document;
  }
  return document;
}

/**
 * The first scan, with what was uncertain replaced by what a later one says of it. That the later one found no owner counts
 * only if it was a `full` scan.
 */
function merge(
  document: SnapshotDocument,
  later: SnapshotDocument,
  full: boolean,
): SnapshotDocument {
  const listed = new Map(later.sockets.map((socket) => [identityOfNow(socket), socket]));
  const certain = new Set(document.sockets.filter((socket) => !isUncertain(socket)).map(placeOf));
  const sockets: SocketDocument[] = [];
  const replaced = new Set<string>();
  const missed = newGaps(document, later);
  for (const socket of document.sockets) {
    if (!isUncertain(socket)) {
      sockets.push(socket);
      continue;
    }
    const now = listed.get(identityOfNow(socket));
    const place = placeOf(socket);
    if (now !== undefined) {
      sockets.push(full || !isUncertain(now) ? now : socket);
    } else if (missed.some((gap) => mayHide(gap, { tables: true, namespaces: true }))) {
      // That it is not listed proves nothing.
      sockets.push(socket);
    } else if (!certain.has(place) && !replaced.has(place)) {
      // It was closed. A socket that is at its place now has replaced it.
      replaced.add(place);
      const there = later.sockets.filter((other) => placeOf(other) === place);
      const told = full ? there : there.filter((other) => !isUncertain(other));
      sockets.push(...(told.length === 0 && there.length > 0 ? [socket] : told));
    }
  }
  return { ...document, sockets };
}

/** Gaps of a later scan that the first one did not have, whatever they count. */
function newGaps(document: SnapshotDocument, later: SnapshotDocument): readonly GapDocument[] {
  const sort = ({ kind, reason }: GapDocument) => `${kind} ${reason.replace(/\d+/g, "N")}`;
  const known = new Set(document.gaps.map(sort));
  return later.gaps.filter((gap) => !known.has(sort(gap)));
}

/** True for a service whose owner was not found, or of whose owner too little is known. */
function isUncertain(socket: SocketDocument): boolean {
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

/** Leaves out owners that ended during the scan, unless no other owner would remain. */
function withoutEnded(document: SnapshotDocument): SnapshotDocument {
  const sockets = document.sockets.map((socket) => {
    if (!socket.owners.some(hasEnded)) return socket;
    const owners = socket.owners.filter((owner) => !hasEnded(owner));
    return owners.length === 0 ? socket : { ...socket, owners };
  });
  return { ...document, sockets };
}

// Program and user are missing without an error only if the process ended.
function hasEnded({ exe, uid, unread }: OwnerDocument): boolean {
  return exe === null && unread?.exe === undefined || uid === null && unread?.status === undefined;
}
