/**
 * The services of a host in the field names of Elastic Common Schema, OpenTelemetry and osquery. None of them allows several
 * owners, so a socket becomes a row for each owner.
 *
 * @module
 */
import type { OwnerDocument, SnapshotDocument, SocketDocument } from "../../snapshot/document.ts";
import {
  endpointText,
  identify,
  isService,
  shortId,
  transportText,
} from "../../snapshot/identity.ts";
import { jsonText } from "../../text/json_text.ts";

/** A row: a socket and one of its owners. */
interface Row {
  readonly socket: SocketDocument;
  readonly owner: OwnerDocument | null;
}

function rowsOf(document: SnapshotDocument): Row[] {
  return document.sockets.filter(isService).flatMap((socket): Row[] =>
    socket.owners.length === 0
      ? [{ socket, owner: null }]
      : socket.owners.map((owner) => ({ socket, owner }))
  );
}

const lines = (records: readonly unknown[]) =>
  records.map((record) => `${jsonText(record)}\n`).join("");

/** Elastic Common Schema, one document per line. Facts that it has no field for are under `sockeye`. */
export function ecsProjection(document: SnapshotDocument): string {
  const { host, taken_at: takenAt } = document;
  return lines(
    rowsOf(document).map(({ socket, owner }) => ({
      "@timestamp": takenAt,
      ecs: { version: "8.11.0" },
      event: { kind: "state", category: ["network"], type: ["info"], dataset: "sockeye.listeners" },
      host: { name: host.name, boot: { id: host.boot_id }, os: { kernel: host.kernel } },
      network: without({ transport: transportName(socket), type: networkType(socket) }),
      server: without({
        address: socket.local.address ?? endpointText(socket),
        ip: socket.local.address,
        port: socket.local.port,
      }),
      ...(owner === null ? {} : { process: ecsProcess(owner) }),
      ...(owner?.container ? { container: ecsContainer(owner.container) } : {}),
      ...(owner?.unit ? { service: { name: owner.unit } } : {}),
      sockeye: {
        id: shortId(identify(socket, host).key),
        netns: socket.netns,
        reach: socket.reach.scope,
        v6only: socket.v6only,
        ownership: socket.ownership,
        state: socket.state,
        inode: socket.inode,
        complete: document.complete,
      },
    })),
  );
}

function ecsContainer(container: NonNullable<OwnerDocument["container"]>) {
  const { id, name, runtime, image } = container;
  return without({ id, name, runtime, image: image ? { name: image } : null });
}

function ecsProcess(owner: OwnerDocument): Record<string, unknown> {
  return without({
    pid: owner.pid,
    name: owner.comm,
    executable: owner.exe,
    command_line: owner.cmdline?.join(" "),
    args: owner.cmdline,
    start: owner.start_time,
    parent: owner.ppid === null ? null : { pid: owner.ppid },
    user: owner.uid === null ? null : without({ id: String(owner.uid), name: owner.user }),
  });
}

/** The semantic conventions of OpenTelemetry: the attributes of one row per line. */
export function otelProjection(document: SnapshotDocument): string {
  const { host, taken_at: takenAt } = document;
  return lines(
    rowsOf(document).map(({ socket, owner }) =>
      without({
        time: takenAt,
        "host.name": host.name,
        "sockeye.boot_id": host.boot_id,
        "network.transport": transportName(socket),
        "network.type": networkType(socket),
        "network.local.address": socket.local.address ?? endpointText(socket),
        "network.local.port": socket.local.port,
        "network.connection.state": socket.state,
        "process.pid": owner?.pid,
        "process.parent_pid": owner?.ppid,
        "process.executable.name": owner?.comm,
        "process.executable.path": owner?.exe,
        "process.command_args": owner?.cmdline,
        "process.creation.time": owner?.start_time,
        "process.user.id": owner?.uid,
        "process.user.name": owner?.user,
        "container.id": owner?.container?.id,
        "container.name": owner?.container?.name,
        "container.runtime.name": owner?.container?.runtime,
        "container.image.name": owner?.container?.image,
        "sockeye.id": shortId(identify(socket, host).key),
        "sockeye.netns": socket.netns?.inode,
        "sockeye.reach": socket.reach.scope,
        "sockeye.ownership": socket.ownership,
        "sockeye.unit": owner?.unit,
      })
    ),
  );
}

/** Protocol numbers: include/uapi/linux/in.h. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  dccp: 33,
  sctp: 132,
  udplite: 136,
  mptcp: 262,
};
/** Family numbers: include/linux/socket.h. */
const FAMILIES: Readonly<Record<SocketDocument["family"], number>> = {
  unix: 1,
  inet: 2,
  inet6: 10,
  netlink: 16,
  packet: 17,
  tipc: 30,
  vsock: 40,
  xdp: 44,
};

/** The columns of osquery's table listening_ports, a row for each owner. All values are text, as in osqueryi --json. */
export function osqueryProjection(document: SnapshotDocument): string {
  const rows = rowsOf(document).map(({ socket, owner }) => ({
    address: socket.local.address ?? "",
    family: String(FAMILIES[socket.family]),
    fd: String(owner?.fds[0] ?? -1),
    net_namespace: String(socket.netns?.inode ?? ""),
    path: socket.local.path ?? "",
    // osquery writes -1 if it knows no process.
    pid: String(owner?.pid ?? -1),
    port: String(socket.protocol === null ? socket.local.port ?? 0 : 0),
    protocol: String(socket.protocol ?? PROTOCOLS[socket.transport] ?? 0),
    socket: String(socket.inode ?? ""),
    host_name: document.host.name,
    boot_id: document.host.boot_id ?? "",
  }));
  return `[\n${rows.map((row) => `  ${jsonText(row)}`).join(",\n")}\n]\n`;
}

/** `tcp`, `udp` or `unix`, as in both conventions. */
function transportName(socket: SocketDocument): string {
  return socket.family === "unix" ? "unix" : transportText(socket);
}

function networkType({ family }: SocketDocument): string | undefined {
  return family === "inet" ? "ipv4" : family === "inet6" ? "ipv6" : undefined;
}

/** Drops keys without a value, because these formats have no null. */
function without(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== null && value !== undefined),
  );
}
