/**
 * Field: a fact of a socket as a column, a key to sort by or to group by. There is one for everything that the JSON has.
 *
 * @module
 */
import { endpointTraits, familyOf } from "../../families/mod.ts";
import { MEASURE_NAMES, MEASURES, type MeasureUnit } from "../../model/measure.ts";
import type { Owner } from "../../model/owner.ts";
import type { Socket } from "../../model/socket.ts";
import { utf8Text } from "../../text/encoding.ts";
import { formatEndpoint, scopeLabel, stateLabel, withoutOwner } from "../columns.ts";
import { forwardJson, forwardText } from "../forward.ts";
import { socketJson } from "../json.ts";
import type { ScreenFacts } from "../screen/mod.ts";

/** A value: `null` is missing. */
export type FieldValue = string | number | boolean | null | readonly (string | number | boolean)[];

/** What a value is taken from. */
export interface FieldSource {
  readonly facts: ScreenFacts;
  /** When the sockets were read, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** One field. */
export interface Field {
  readonly name: string;
  /** For help. Starts in lower case and has no period. */
  readonly summary: string;
  /** True if it takes what the kernel tells on request only: see `Query.info`. */
  readonly info: boolean;
  /** What a number is counted in, where it is to be written with a unit. */
  readonly unit?: MeasureUnit;
  value(socket: Socket, source: FieldSource): FieldValue;
}

function field(name: string, summary: string, value: Field["value"]): Field {
  return { name, summary, info: false, value };
}

/** Fields as people say them. */
const NAMED: readonly Field[] = [
  field(
    "proto",
    "protocol: tcp, tcp6, udp, unix-stream",
    (socket) => familyOf(socket.family).label(socket),
  ),
  field("state", "state; unconn is a socket without a connection", stateLabel),
  field(
    "address",
    "local address and port",
    ({ family, local, v6only }) => formatEndpoint(family, local, v6only),
  ),
  field(
    "peer",
    "the other end",
    ({ family, peer }) => peer === null ? null : formatEndpoint(family, peer),
  ),
  field("port", "local port", ({ family, local }) => endpointTraits(family).rank(local) || null),
  field(
    "peer_port",
    "port of the other end",
    ({ family, peer }) => peer === null ? null : endpointTraits(family).rank(peer) || null,
  ),
  field(
    "host",
    "address of the other end, without its port",
    ({ peer }) => peer !== null && "address" in peer ? peer.address : null,
  ),
  field("reach", "how far it can be reached", ({ reach }) => scopeLabel(reach.scope)),
  field(
    "process",
    "names of the owners, each once",
    (socket) =>
      socket.owners.length === 0 ? withoutOwner(socket) : unique(
        socket.owners.map(({ process: { comm } }) => comm === null ? "?" : utf8Text(comm)),
      ),
  ),
  field(
    "forwards",
    "where a published port leads: container or address, and port",
    (socket, { facts }) => facts.forwardsOf(socket).map(forwardText),
  ),
  field("pid", "process IDs of the owners", ({ owners }) => unique(owners.map(({ pid }) => pid))),
  field(
    "user",
    "users of the owners; in parentheses who made the socket",
    (socket, { facts }) => usersOf(socket, facts),
  ),
  field(
    "service",
    "container, pod or unit of the owners",
    (socket, { facts }) => servicesOf(socket, facts),
  ),
  field(
    "unit",
    "systemd units of the owners",
    ({ owners }) => unique(owners.flatMap(({ process: { unit } }) => unit ?? [])),
  ),
  field(
    "container",
    "containers of the owners, by name or else by ID",
    ({ owners }, { facts }) =>
      unique(owners.flatMap(({ process }) => facts.containerOf(process) ?? [])),
  ),
  field(
    "netns",
    "network namespace, by name or else by inode",
    ({ netns }) => netns === null ? null : netns.name ?? netns.inode,
  ),
  field(
    "owners",
    "processes with their descriptors",
    (socket) => socket.owners.length === 0 ? withoutOwner(socket) : socket.owners.map(ownerText),
  ),
  ...MEASURE_NAMES.map((name): Field => {
    const { unit, summary, info, value } = MEASURES[name];
    return {
      name,
      summary: `${summary[0]!.toLowerCase()}${summary.slice(1)}`,
      info,
      unit,
      value: (socket, { nowMs }) => value(socket, nowMs),
    };
  }),
];

/** Keys of the ends of a socket in the JSON; each family has some of them. */
const END_KEYS = [
  ...["address", "port", "interface", "path", "name", "inode", "device", "file_inode", "host_path"],
  ...["mode", "open_to_others", "ethertype", "protocol", "port_id", "groups", "cid", "queue"],
  ...["node", "ref"],
];

/** Keys of an owner in the JSON. */
const OWNER_KEYS = [
  ...["pid", "tid", "fds", "comm", "exe", "exe_deleted", "exe_is_host_file", "cmdline", "ppid"],
  ...["uid", "user", "start_time", "unit", "unit_manager", "container.id", "container.runtime"],
  ...["container.name", "container.image", "container_manager", "unread"],
];

/** Keys of a forward in the JSON. */
const FORWARD_KEYS = [
  ...["via", "pid", "protocol", "host_address", "conditional", "address", "port", "netns.inode"],
  ...["netns.name", "fate", "pids", "container.id", "container.runtime", "container.name", "image"],
];

/** Keys of the JSON that no field above is called by. */
const PATHS: readonly string[] = [
  ...["netns.inode", "netns.name", "family", "transport", "type", "protocol"],
  ...END_KEYS.map((key) => `local.${key}`),
  ...END_KEYS.map((key) => `peer.${key}`),
  ...["v6only", "uid", "inode", "cookie", "recv_queue", "send_queue"],
  ...["accept_queue.length", "accept_queue.limit", "receive_buffer.length", "receive_buffer.limit"],
  ...FORWARD_KEYS.map((key) => `forwards.${key}`),
  ...["timer.kind", "timer.expires_ms", "timer.retransmits", "ownership"],
  ...OWNER_KEYS.map((key) => `owners.${key}`),
  ...OWNER_KEYS.map((key) => `peer_owners.${key}`),
  ...["reach.scope", "reach.reasons"],
];

/** Words that mean a field by another name. */
const ALIASES: Readonly<Record<string, string>> = {
  protocol_name: "proto",
  local: "address",
  program: "process",
  comm: "process",
  pids: "pid",
  exe: "owners.exe",
  cmdline: "owners.cmdline",
  fds: "owners.fds",
  "recv-q": "recv_queue",
  "send-q": "send_queue",
};

/** Every field, in the order of help. All of `info` is one: `info.info.rtt_us` and so on. */
export const FIELDS: readonly Field[] = [...NAMED, ...PATHS.map(pathField), pathField("info")];

/** The field of a name; `undefined` if there is none. Letter case does not matter, nor whether it has `-` or `_`. */
export function fieldNamed(name: string): Field | undefined {
  const wanted = name.toLowerCase();
  const alias = ALIASES[wanted] ?? wanted.replaceAll("-", "_");
  const known = FIELDS.find(({ name }) => name === alias);
  if (known !== undefined) return known;
  return /^info(\.[a-z0-9_]+)+$/.test(alias) ? pathField(alias) : undefined;
}

/** Every word that names a field, for suggestions. */
export function fieldNames(): string[] {
  return [...FIELDS.map(({ name }) => name), ...Object.keys(ALIASES)];
}

function pathField(name: string): Field {
  const path = name.split(".");
  return {
    name,
    summary: `as in the JSON`,
    info: path[0] === "info",
    value: (socket, { facts }) =>
      valueAt(
        path[0] === "forwards"
          ? { forwards: facts.forwardsOf(socket).map(forwardJson) }
          : socketJson(socket),
        path,
      ),
  };
}

function valueAt(from: unknown, path: readonly string[]): FieldValue {
  let values: readonly unknown[] = [from];
  let many = false;
  for (const key of path) {
    values = values.flatMap((value) => {
      if (Array.isArray(value)) many = true;
      const items: readonly unknown[] = Array.isArray(value) ? value : [value];
      return items.map((item) =>
        typeof item === "object" && item !== null
          ? (item as Record<string, unknown>)[key]
          : undefined
      );
    });
  }
  const found = values.flatMap((value) => {
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) {
      many = true;
      return value.map(plain);
    }
    return [plain(value)];
  });
  if (many) return found;
  return found[0] ?? null;
}

function plain(value: unknown): string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : JSON.stringify(value) ?? "";
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function usersOf({ owners, uid }: Socket, facts: ScreenFacts): FieldValue {
  if (owners.length === 0) return uid === null ? null : `(${facts.userName(uid) ?? uid})`;
  return unique(
    owners.map(({ process: { uid, user } }) => user ?? (uid === null ? "?" : String(uid))),
  );
}

function servicesOf({ owners, cgroupId }: Socket, facts: ScreenFacts): FieldValue {
  if (owners.length > 0) {
    return unique(owners.flatMap(({ process }) => facts.serviceOf(process) ?? []));
  }
  const name = cgroupId === null || cgroupId === undefined ? null : facts.serviceOfGroup(cgroupId);
  return name === null ? null : `(${name})`;
}

function ownerText({ pid, tid, fds, process: { comm } }: Owner): string {
  const thread = tid === null ? "" : `,tid=${tid}`;
  const name = comm === null ? "?" : utf8Text(comm);
  return `${name}(pid=${pid}${thread}${fds.map((fd) => `,fd=${fd}`).join("")})`;
}
