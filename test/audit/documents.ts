/**
 * Snapshots made by hand, for tests of what works on them.
 *
 * @module
 */
import type {
  GapDocument,
  OwnerDocument,
  SnapshotDocument,
  SocketDocument,
} from "../../src/snapshot/document.ts";

/** An owner: `/usr/sbin/nginx` of root, unless told otherwise. */
export function owner(parts: Partial<OwnerDocument> = {}): OwnerDocument {
  return {
    pid: 100,
    fds: [6],
    comm: "nginx",
    exe: "/usr/sbin/nginx",
    exe_deleted: false,
    cmdline: ["nginx"],
    ppid: 1,
    uid: 0,
    user: "root",
    start_time: "2026-01-01T00:00:00.000Z",
    unit: "nginx.service",
    container: null,
    ...parts,
  };
}

/** A socket: `tcp 0.0.0.0:80` held by {@linkcode owner}, unless told otherwise. */
export function socket(
  address: string,
  port: number,
  parts: Partial<SocketDocument> = {},
): SocketDocument {
  const loopback = address.startsWith("127.") || address === "::1";
  const wildcard = address === "0.0.0.0" || address === "::";
  return {
    netns: { inode: 1000, name: null },
    family: address.includes(":") ? "inet6" : "inet",
    transport: "tcp",
    protocol: null,
    state: parts.transport === undefined || parts.transport === "tcp" ? "listen" : "close",
    local: { address, port, interface: null },
    peer: null,
    v6only: address.includes(":") ? false : null,
    uid: 0,
    inode: 5000 + port,
    accept_queue: { length: 0, limit: 128 },
    ...(parts.transport === "udp"
      ? { receive_buffer: { length: 0, limit: 212992 }, drops: 0 }
      : {}),
    ownership: "owned",
    owners: [owner()],
    reach: {
      scope: loopback ? "loopback" : wildcard ? "any" : "private",
      reasons: ["because the test says so"],
    },
    ...parts,
  };
}

/** A gap of processes that could not be read. */
export const PROCESSES_GAP: GapDocument = {
  kind: "processes",
  reason: "3 processes could not be read; run as root to see their sockets",
  denied: 3,
};

/** A snapshot of these sockets. */
export function snapshot(
  sockets: readonly SocketDocument[],
  gaps: readonly GapDocument[] = [],
  parts: Partial<SnapshotDocument> = {},
): SnapshotDocument {
  return {
    schema: "sockeye.snapshot/1",
    host: {
      name: "web1",
      boot_id: "0a1b2c3d-0000-4000-8000-000000000001",
      kernel: "6.1.0",
      netns: 1000,
      ephemeral_ports: { first: 32768, last: 60999 },
    },
    taken_at: "2026-03-01T12:00:00.000Z",
    complete: gaps.length === 0,
    gaps,
    sockets,
    ...parts,
  };
}
