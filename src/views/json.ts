/**
 * The snapshot as JSON, version 1. The schema is in schema/snapshot-1.json.
 *
 * @module
 */
import { endpointTraits } from "../families/mod.ts";
import type { Forward } from "../model/forward.ts";
import type { Bytes, Owner, Process } from "../model/owner.ts";
import { gapJson } from "../model/gap.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Endpoint, FamilyName, InfoValue, Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { SocketRows } from "../store/socket_rows.ts";
import { utf8Bytes, utf8Text } from "../text/encoding.ts";
import { RowBuffer } from "../text/row_buffer.ts";
import type { Writer } from "../text/writer.ts";
import { jsonText } from "../text/json_text.ts";
import { forwardJson } from "./forward.ts";

/** Name and version of the format. */
export const SNAPSHOT_SCHEMA = "sockeye.snapshot/1";

// JSON is Unicode: bytes that are not UTF-8 become U+FFFD.
const text = (bytes: Bytes | null): string | null => bytes === null ? null : utf8Text(bytes);

/** Where ports lead, by the inode of the socket: see {@linkcode Forward}. */
export type SocketForwards = ReadonlyMap<number, readonly Forward[]>;

const NO_FORWARDS: SocketForwards = new Map();

/** Everything of a snapshot except its sockets. */
export function headerJson(snapshot: Omit<Snapshot<Sockets>, "sockets">): Record<string, unknown> {
  const { host } = snapshot;
  return {
    schema: SNAPSHOT_SCHEMA,
    host: {
      name: host.name,
      boot_id: host.bootId,
      kernel: host.kernel,
      netns: host.netns,
      ephemeral_ports: host.ephemeralPorts,
    },
    taken_at: new Date(snapshot.takenAtMs).toISOString(),
    complete: snapshot.gaps.length === 0,
    gaps: snapshot.gaps.map(gapJson),
  };
}

/** One socket. */
export function socketJson(socket: Socket): Record<string, unknown> {
  return {
    ...headJson(socket),
    owners: socket.owners.map(ownerJson),
    peer_owners: socket.peerOwners === null ? null : socket.peerOwners.map(ownerJson),
    ...tailJson(socket),
  };
}

// The keys before the owners.
function headJson(socket: Socket): Record<string, unknown> {
  return {
    netns: socket.netns,
    family: socket.family,
    transport: socket.transport,
    type: socket.type,
    protocol: socket.protocol,
    state: socket.state,
    local: endpointJson(socket.family, socket.local),
    peer: socket.peer === null ? null : endpointJson(socket.family, socket.peer),
    v6only: socket.v6only,
    uid: socket.uid,
    inode: socket.inode,
    cookie: typeof socket.cookie === "bigint" ? socket.cookie.toString() : socket.cookie,
    recv_queue: socket.recvQueue,
    send_queue: socket.sendQueue,
    accept_queue: socket.acceptQueue,
    ...receiveJson(socket),
    timer: socket.timer === null ? null : {
      kind: socket.timer.kind,
      expires_ms: socket.timer.expiresMs,
      retransmits: socket.timer.retransmits,
    },
    ownership: socket.ownership,
  };
}

// Absent where it was not asked for, or is nothing that the family has.
function receiveJson({ receiveBuffer }: Socket): Record<string, unknown> {
  if (receiveBuffer === undefined) return {};
  if (receiveBuffer === null) return { receive_buffer: null, drops: null };
  const { bytes, limit, drops } = receiveBuffer;
  return { receive_buffer: { length: bytes, limit }, drops };
}

// The keys after the owners.
function tailJson({ reach, info }: Socket): Record<string, unknown> {
  return { reach, ...(info === undefined ? {} : { info: info === null ? null : infoJson(info) }) };
}

/** Writes what {@linkcode socketJson} returns. Sockets share processes and reaches, so the text of those is kept. */
function writeSocket(socket: Socket, out: RowBuffer, forwards: SocketForwards): void {
  out.utf8(jsonText(headJson(socket)));
  out.length--;
  out.text(',"owners":');
  writeOwners(socket.owners, out);
  out.text(',"peer_owners":');
  if (socket.peerOwners === null) out.text("null");
  else writeOwners(socket.peerOwners, out);
  out.text(",");
  const found = forwards.size === 0 ? undefined : forwards.get(socket.inode!);
  if (found !== undefined) out.utf8(`"forwards":${jsonText(found.map(forwardJson))},`);
  if (socket.info === undefined) out.bytes(keptText(socket.reach, () => tailJson(socket)));
  else out.bytes(inside(tailJson(socket)));
}

function writeOwners(owners: readonly Owner[], out: RowBuffer): void {
  out.text("[");
  for (let i = 0; i < owners.length; i++) {
    const { pid, tid, fds, process } = owners[i]!;
    if (i > 0) out.text(",");
    out.utf8(`{"pid":${pid},"tid":${tid},"fds":[${fds}],`);
    out.bytes(keptText(process, () => processJson(process)));
  }
  out.text("]");
}

const texts = new WeakMap<object, Uint8Array>();

function keptText(of: object, json: () => Record<string, unknown>): Uint8Array {
  let bytes = texts.get(of);
  if (bytes === undefined) texts.set(of, bytes = inside(json()));
  return bytes;
}

// The text of an object without its opening brace.
function inside(json: Record<string, unknown>): Uint8Array {
  return utf8Bytes(jsonText(json).slice(1));
}

// Bytes are not text here, but addresses and unknown attributes.
function infoJson(value: InfoValue): unknown {
  if (typeof value === "bigint") {
    return value < 1n << 53n ? Number(value) : value.toString();
  }
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value.toHex();
  if (Array.isArray(value)) return value.map(infoJson);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, infoJson(inner)]));
}

/** One end of a socket. */
export function endpointJson(family: FamilyName, endpoint: Endpoint): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(endpointTraits(family).json(endpoint))) {
    values[key] = value instanceof Uint8Array ? text(value) : value;
  }
  return values;
}

function ownerJson({ pid, fds, tid, process }: Owner): Record<string, unknown> {
  return { pid, tid, fds, ...processJson(process) };
}

// A process may own thousands of sockets, so its JSON is made once.
const processes = new WeakMap<Process, Record<string, unknown>>();

function processJson(process: Process): Record<string, unknown> {
  let known = processes.get(process);
  if (known === undefined) {
    const { cmdline, startTimeMs } = process;
    known = {
      comm: text(process.comm),
      exe: text(process.exe),
      exe_deleted: process.exeDeleted,
      cmdline: cmdline === null ? null : splitArguments(cmdline),
      ppid: process.ppid,
      uid: process.uid,
      user: process.user,
      start_time: startTimeMs === null ? null : isoTime(startTimeMs),
      unit: process.unit,
      container: process.container,
      unit_manager: process.unitManager ?? null,
      container_manager: process.containerManager ?? null,
      ...(isEmpty(process.unread ?? {}) ? {} : { unread: process.unread }),
    };
    processes.set(process, known);
  }
  return known;
}

function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  for (const _ in record) return false;
  return true;
}

// A time outside the calendar can only come from a forged recording.
/** A time as JSON has it; `null` for a number that is none. */
export function isoTime(ms: number): string | null {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** The arguments in a command line. Each ends in a NUL, but a process may have overwritten them all. */
export function splitArguments(cmdline: Bytes): string[] {
  const parts = utf8Text(cmdline).split("\0");
  if (parts.at(-1) === "") parts.pop();
  return parts;
}

const FLUSH_AT = 64 * 1024;

/** Writes the snapshot as one JSON document with a socket per line. Throws what the writer throws. */
export function writeJson(
  snapshot: Snapshot<Sockets>,
  writer: Writer,
  forwards: SocketForwards = NO_FORWARDS,
): void {
  const out = new RowBuffer();
  const head = jsonText(headerJson(snapshot));
  out.utf8(`${head.slice(0, -1)},"sockets":[`);
  writeSockets(snapshot.sockets, "\n", ",\n", forwards, out, writer);
  out.text("\n]}\n");
  out.flush(writer);
}

/** Writes a header line, then one socket per line. Throws what the writer throws. */
export function writeNdjson(
  snapshot: Snapshot<Sockets>,
  writer: Writer,
  forwards: SocketForwards = NO_FORWARDS,
): void {
  const out = new RowBuffer();
  out.utf8(jsonText(headerJson(snapshot)));
  writeSockets(snapshot.sockets, "\n", "\n", forwards, out, writer);
  out.text("\n");
  out.flush(writer);
}

/** Writes all sockets, with `first` before them and `between` two. */
function writeSockets(
  sockets: Sockets,
  first: string,
  between: string,
  forwards: SocketForwards,
  out: RowBuffer,
  writer: Writer,
): void {
  let separator = first;
  const write = (socket: Socket) => {
    out.text(separator);
    writeSocket(socket, out, forwards);
    separator = between;
    if (out.length >= FLUSH_AT) out.flush(writer);
  };
  if (!(sockets instanceof SocketRows) || sockets.listed === null) {
    for (const socket of sockets) write(socket);
    return;
  }
  const { listed, others } = sockets.listed;
  if (forwards.size > 0) listed.leaveOut(forwards);
  const { writeCoreJson } = require("./core_json.ts") as typeof import("./core_json.ts");
  if (listed.length > 0) {
    out.text(first);
    writeCoreJson(
      listed,
      between,
      {
        write(socket, row) {
          if (row > 0) out.text(between);
          writeSocket(socket, out, forwards);
        },
        head: headJson,
        reach: (reach) => inside({ reach }),
        process: (process) => inside(processJson(process)),
      },
      out,
      writer,
    );
    separator = between;
  }
  for (const socket of others) write(socket);
}
