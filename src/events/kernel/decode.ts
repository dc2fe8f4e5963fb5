/**
 * Decodes records of the ring.
 *
 * @module
 */
import { cookieOf } from "../../model/cookie.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { formatIpv4, formatIpv6 } from "../../model/endpoint.ts";
import type { Bytes } from "../../model/owner.ts";
import { AF_INET, AF_INET6 } from "../../model/address_family.ts";
import { FLOW_KEY_SIZE, type FlowCounts } from "./maps.ts";
import {
  ARGUMENT_ROOM,
  AT,
  COMM_ROOM,
  FLAG,
  KIND,
  NAME_ROOM,
  PATH_ROOM,
  sizeOfKind,
} from "./record.ts";
import { SOCK_RAW } from "../../../ffi/socket.ts";

/** One record. What the program did not know is `null`, or 0 where that is not a value. */
export interface KernelRecord {
  readonly kind: number;
  /** AF_INET and so on. */
  readonly family: number;
  /** SOCK_STREAM and so on. */
  readonly type: number;
  readonly protocol: number;
  /** Nanoseconds since boot, suspension included. */
  readonly timeNs: number;
  readonly cookie: number | bigint | null;
  /** Inode of the network namespace. */
  readonly netns: number | null;
  readonly process: RecordProcess | null;
  readonly local: Address | null;
  readonly peer: Address | null;
  /** The state before. */
  readonly oldState: number;
  readonly backlog: number | null;
  /** errno, positive; `null` without an error. */
  readonly error: number | null;
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  /** Interface that the socket is bound to. */
  readonly interfaceIndex: number;
  /** Where its flow is counted, of a datagram. */
  readonly flow: FlowPlace | null;
  /** Of {@linkcode KIND.counted}. */
  readonly counts: FlowCounts | null;
}

/** Where the datagrams of a flow are counted: in a slot, as long as that is the socket's, or under a key. */
export type FlowPlace = { readonly slot: number } | { readonly key: Bytes };

/** An address of the internet with its port, or the name of a unix socket. */
export interface Address {
  readonly text: string;
  readonly port: number;
  /** Name of a unix socket as the kernel has it: an abstract one begins with a NUL. */
  readonly name: Bytes | null;
}

/** A process as a record has it. */
export interface RecordProcess {
  /** In the PID namespace that we run in; 0: it has none there. */
  readonly pid: number;
  readonly tid: number;
  /** Nanoseconds since boot; 0: not known. */
  readonly startNs: number;
  readonly comm: Bytes;
  /** `null`: it was not told. */
  readonly uid: number | null;
  /** Kernel: `cgroup_id()`. */
  readonly cgroup: bigint;
  readonly ppid: number | null;
  /** Path of the program as exec(2) was given it. Of an exec alone. */
  readonly path: Bytes | null;
  /** Arguments, NUL-separated; cut at {@linkcode ARGUMENT_ROOM}. Of an exec or a process alone. */
  readonly arguments: Bytes | null;
}

/** Decodes a record. Throws {@linkcode DecodeError}. */
export function decodeRecord(view: DataView, start: number, length: number): KernelRecord {
  if (start < 0 || start + length > view.byteLength) {
    throw new DecodeError("event record", start, "it reaches past the end");
  }
  const kind = length === 0 ? 0 : view.getUint8(start);
  const size = sizeOfKind(kind);
  if (length !== size) {
    throw new DecodeError("event record", length, `kind ${kind} takes ${size} bytes`);
  }
  const u16 = (at: number) => view.getUint16(start + at, true);
  const u32 = (at: number) => view.getUint32(start + at, true);
  const u64 = (at: number) => u32(at) + u32(at + 4) * 0x1_0000_0000;
  const bytes = (at: number, length: number): Bytes =>
    new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + start + at, length).slice();
  const flags = view.getUint8(start + AT.flags);
  const family = u16(AT.family);
  const address = (at: number, port: number): Address | null => {
    const word = (i: number) => view.getUint32(start + at + 4 * i);
    if (family === AF_INET) return { text: formatIpv4(word(0)), port, name: null };
    if (family !== AF_INET6) return null;
    return { text: formatIpv6(word(0), word(1), word(2), word(3)), port, name: null };
  };
  const unixName = (at: number, lengthAt: number): Address | null => {
    const length = Math.min(u16(lengthAt), NAME_ROOM);
    return length === 0 ? null : { text: "", port: 0, name: nameOf(bytes(at, length)) };
  };
  const unix = size === sizeOfKind(KIND.unixSend);
  const ofProcess = size === sizeOfKind(KIND.process);
  const local = unix
    ? unixName(AT.localName, AT.localLength)
    : address(AT.local, u16(AT.localPort));
  const peer = unix ? unixName(AT.peerName, AT.peerLength) : address(AT.peer, u16(AT.peerPort));
  const hasCounters = (flags & FLAG.hasCounters) !== 0;
  const error = view.getInt32(start + AT.error, true);
  return {
    kind,
    family,
    type: u16(AT.type),
    protocol: u16(AT.protocol),
    timeNs: u64(AT.time),
    cookie: u64(AT.cookie) === 0 ? null : cookieOf(u32(AT.cookie), u32(AT.cookie + 4)),
    netns: u32(AT.netns) || null,
    process: (flags & FLAG.hasProcess) === 0 ? null : {
      pid: u32(AT.tgid),
      tid: u32(AT.tid),
      startNs: u64(AT.start),
      comm: untilNul(bytes(AT.comm, COMM_ROOM)),
      uid: u32(AT.uid),
      cgroup: view.getBigUint64(start + AT.cgroup, true),
      ppid: u32(AT.parent) || null,
      path: ofProcess && u32(AT.pathLength) > 1
        ? untilNul(bytes(AT.path, Math.min(u32(AT.pathLength), PATH_ROOM)))
        : null,
      arguments: ofProcess
        ? bytes(AT.arguments, Math.min(u32(AT.argumentBytes), ARGUMENT_ROOM))
        : null,
    },
    local,
    peer: peer !== null && (unix || peerIsKnown(kind, flags, u16(AT.type), peer)) ? peer : null,
    oldState: view.getUint8(start + AT.oldState),
    backlog: kind === KIND.listen ? u32(AT.backlog) : null,
    error: error === 0 ? null : Math.abs(error),
    bytesSent: hasCounters || kind === KIND.send || kind === KIND.unixSend ? u64(AT.sent) : null,
    bytesReceived: hasCounters
      ? u64(AT.received) - ((flags & FLAG.finReceived) !== 0 ? 1 : 0)
      : null,
    interfaceIndex: u32(AT.interface),
    flow: flowPlace(),
    counts: kind === KIND.counted ? [u64(AT.slotCount), u64(AT.sent), u64(AT.slotFailed)] : null,
  };

  function flowPlace(): FlowPlace | null {
    if (kind === KIND.unixSend) return { key: flowKey() };
    if (kind !== KIND.send && kind !== KIND.counted) return null;
    const slot = u32(AT.slot);
    return slot === 0 ? { key: flowKey() } : { slot };
  }

  function flowKey(): Bytes {
    const key = new Uint8Array(FLOW_KEY_SIZE);
    key.set(bytes(AT.cookie, 8));
    if (unix) {
      key.set(bytes(AT.flow, 8), 8);
      key[24] = (flags & FLAG.connected) !== 0 ? 1 : 0;
    } else {
      key.set(bytes(AT.peer, 16), 8);
      key.set(bytes(AT.peerPort, 2), 24);
    }
    key.set(bytes(AT.family, 2), 26);
    key.set(bytes(AT.flowTgid, 4), 28);
    return key;
  }
}

// The other end of a socket that has none is all zeros.
function peerIsKnown(
  kind: number,
  flags: number,
  type: number,
  { text, port }: Address,
): boolean {
  if (kind === KIND.send) return (flags & FLAG.hasPeer) !== 0;
  // A connection that failed leaves its address behind, without the port.
  return port !== 0 || type === SOCK_RAW && text !== "0.0.0.0" && text !== "::";
}

function untilNul(bytes: Bytes): Bytes {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

// A path may be followed by its NUL; an abstract name begins with one, and has its length.
function nameOf(bytes: Bytes): Bytes {
  return bytes[0] === 0 ? bytes : untilNul(bytes);
}
