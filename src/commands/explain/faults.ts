/**
 * Faults of a service: lost datagrams, full queues, connections that nobody closes, uneven shares.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import { type ConnectionShare, type Fault, isFull } from "../../model/fault.ts";
import type { Process } from "../../model/owner.ts";
import type { InfoValue, Socket } from "../../model/socket.ts";
import { ALL_STATES } from "../../model/state.ts";
import { takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import type { ExplainInput } from "./input.ts";

/** From so many connections in CLOSE-WAIT on, or such a silence, nobody is about to close them. */
const MANY_CLOSE_WAIT = 10;
const LONG_SILENCE_MS = 60_000;
/** Shares differ from so many connections on, and by this factor. */
const MANY_CONNECTIONS = 20;
const UNEVEN = 4;

/** `sockets`: those of the service. `connections`: those that belong to them. */
export function faultsOf(
  sockets: readonly Socket[],
  connections: readonly Socket[],
  input: ExplainInput,
): Fault[] {
  const [first] = sockets as readonly [Socket];
  const closing = connections.filter(({ state }) => state === "close_wait");
  const info = closing.length > 0 ? readInfo(closing, input) : new Map<string, Socket>();
  const facts = first.netns === null ? undefined : input.namespaces.get(first.netns.inode);
  const overflows = facts?.listenOverflows ?? 0;
  const isTcpListener = first.transport === "tcp" && first.state === "listen";
  return [
    ...isTcpListener && overflows > 0
      ? [{ kind: "listen_overflows", count: overflows } as const]
      : [],
    ...datagramFaults(sockets),
    ...closeWaitFaults(closing, info),
    ...unevenFaults(sockets, connections),
  ];
}

const keyOf = ({ netns, inode, cookie }: Socket) => `${netns?.inode} ${inode} ${cookie}`;

/** Reads everything that the kernel tells of these sockets: it is much, so only where something depends on it. */
function readInfo(sockets: readonly Socket[], { choice, root }: ExplainInput): Map<string, Socket> {
  if (!root.isLive) return new Map();
  const ports = new Set(sockets.flatMap(({ local }) => "address" in local ? [local.port] : []));
  const snapshot = takeNetnsSnapshot(
    {
      families: new Set(["inet", "inet6"] as const),
      transports: new Set(["tcp"] as const),
      states: ALL_STATES,
      ports: [...ports].map((port) => ({ first: port, last: port })),
      pids: null,
      processes: null,
      users: null,
      info: true,
    },
    choice,
    new Diagnostics(),
    { root },
  );
  return new Map(snapshot.sockets.map((socket) => [keyOf(socket), socket]));
}

function numberAt(socket: Socket | undefined, group: string, name: string): number | null {
  const value = socket?.info?.[group];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const found = (value as { readonly [key: string]: InfoValue })[name];
  return typeof found === "number" ? found : typeof found === "bigint" ? Number(found) : null;
}

function datagramFaults(sockets: readonly Socket[]): Fault[] {
  let dropped = 0;
  const full: Fault[] = [];
  for (const { receiveBuffer, peer } of sockets) {
    if (receiveBuffer == null || peer !== null) continue;
    const { bytes, limit, drops } = receiveBuffer;
    dropped += drops ?? 0;
    if (limit !== null && isFull(bytes, limit)) {
      full.push({ kind: "receive_buffer_full", bytes, limit });
    }
  }
  return [...dropped > 0 ? [{ kind: "datagrams_dropped", count: dropped } as const] : [], ...full];
}

function closeWaitFaults(closing: readonly Socket[], info: ReadonlyMap<string, Socket>): Fault[] {
  if (closing.length === 0) return [];
  const silences = closing.map((socket) =>
    numberAt(info.get(keyOf(socket)), "info", "last_data_recv_ms")
  ).filter((silence) => silence !== null);
  const silentMs = silences.length === 0 ? null : Math.max(...silences);
  if (closing.length < MANY_CLOSE_WAIT && (silentMs === null || silentMs < LONG_SILENCE_MS)) {
    return [];
  }
  const processes = new Map(
    closing.flatMap(({ owners }) => owners.map(({ pid, process }) => [pid, process] as const)),
  );
  return [{
    kind: "close_wait",
    count: closing.length,
    silentMs,
    processes: [...processes.values()].sort((a, b) => a.pid - b.pid),
  }];
}

/** Of sockets that share an address by SO_REUSEPORT and have owners of their own, who has how many connections. */
export function unevenFaults(sockets: readonly Socket[], connections: readonly Socket[]): Fault[] {
  const owners = new Map<number, Process>();
  for (const { owners: [owner, ...more] } of sockets) {
    // Where several processes take from one queue, that is not what SO_REUSEPORT shared out.
    if (owner === undefined || more.length > 0) return [];
    owners.set(owner.pid, owner.process);
  }
  if (owners.size < 2) return [];
  const counts = new Map([...owners.keys()].map((pid) => [pid, 0]));
  for (const { state, owners: [owner] } of connections) {
    if (state !== "established" || owner === undefined) continue;
    const known = counts.get(owner.pid);
    if (known !== undefined) counts.set(owner.pid, known + 1);
  }
  const shares = [...counts].map(([pid, count]): ConnectionShare => ({
    process: owners.get(pid)!,
    connections: count,
  })).sort((a, b) => b.connections - a.connections || a.process.pid - b.process.pid);
  const [most, least] = [shares[0]!, shares.at(-1)!];
  return most.connections >= MANY_CONNECTIONS &&
      most.connections >= UNEVEN * (least.connections + 1)
    ? [{ kind: "uneven", most, least }]
    : [];
}
