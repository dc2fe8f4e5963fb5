/**
 * AuditedSocket: a socket as policies and rules see it, with its identity worked out once.
 *
 * @module
 */
import type { Places } from "../model/verdict.ts";
import type { HostDocument, OwnerDocument, SocketDocument } from "../snapshot/document.ts";
import {
  containerText,
  identify,
  type Identity,
  transportText,
  userText,
} from "../snapshot/identity.ts";
import type { PolicyCheck } from "./policy.ts";
import type { ResultOwner } from "./report.ts";

/** See the module. */
export interface AuditedSocket {
  readonly socket: SocketDocument;
  readonly identity: Identity;
  /** `tcp`, `unix-stream`. */
  readonly transport: string;
  readonly check: PolicyCheck;
}

const CHECKS: Readonly<Record<SocketDocument["family"], PolicyCheck>> = {
  inet: "internet",
  inet6: "internet",
  unix: "unix",
  packet: "packet",
  netlink: "internet",
  vsock: "vsock",
  xdp: "xdp",
  // TIPC reaches other machines, as IP does.
  tipc: "internet",
};

/** Works out what is asked about a socket. */
export function auditedSocket(socket: SocketDocument, host: HostDocument): AuditedSocket {
  return {
    socket,
    identity: identify(socket, host),
    transport: transportText(socket),
    check: CHECKS[socket.family],
  };
}

/** The owners for a result, sorted. Owners that differ only in process ID become one. */
export function resultOwners(owners: readonly OwnerDocument[]): ResultOwner[] {
  const distinct = new Map<string, ResultOwner & { pids: number[] }>();
  for (const owner of owners) {
    const { comm, exe, unit, unread } = owner;
    const user = userText(owner);
    const container = containerText(owner);
    const key = JSON.stringify([exe, comm, user, unit, container, unread]);
    const known = distinct.get(key);
    if (known === undefined) {
      const missed = unread === undefined ? {} : { unread };
      distinct.set(key, { comm, exe, user, unit, container, pids: [owner.pid], ...missed });
    } else if (!known.pids.includes(owner.pid)) {
      known.pids.push(owner.pid);
    }
  }
  return [...distinct.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([, owner]) => owner);
}

/** Where services that a policy checks could be. */
export function checkedPlaces(check: ReadonlySet<PolicyCheck>): Places {
  return {
    tables(label) {
      // The label of a table begins with its kind: `tcp over IPv4`, `unix`.
      const [kind] = label.split(" ");
      switch (kind) {
        case "unix":
        case "packet":
        case "vsock":
        case "xdp":
          return check.has(kind);
        case "netlink":
          return false;
        default:
          return check.has("internet");
      }
    },
    namespaces: true,
  };
}
