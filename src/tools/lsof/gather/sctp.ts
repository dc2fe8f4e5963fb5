/**
 * SCTP sockets of a network namespace, by inode. One has several associations and an endpoint, each in a line of its own.
 *
 * @module
 */
import {
  parseSctpAssociations,
  parseSctpEndpoints,
  type SctpAssociation,
  type SctpEndpoint,
} from "../../../proc/sctp.ts";

/** What the kernel tells of a socket, in its order. */
export interface SctpSocket {
  readonly associations: readonly SctpAssociation[];
  readonly endpoints: readonly SctpEndpoint[];
}

/**
 * Reads the tables. `text` gives one of them, empty where the kernel has no SCTP. Lines of another form are passed over, as lsof
 * does.
 */
export function readSctpSockets(text: (file: string) => string): Map<number, SctpSocket> {
  const sockets = new Map<number, { associations: SctpAssociation[]; endpoints: SctpEndpoint[] }>();
  const socket = (inode: number) => {
    let known = sockets.get(inode);
    if (known === undefined) sockets.set(inode, known = { associations: [], endpoints: [] });
    return known;
  };
  for (const row of parseSctpAssociations(text("sctp/assocs")).rows) {
    socket(row.inode).associations.push(row);
  }
  for (const row of parseSctpEndpoints(text("sctp/eps")).rows) {
    socket(row.inode).endpoints.push(row);
  }
  // A connection that waits to be accepted.
  sockets.delete(0);
  return sockets;
}
