/**
 * /proc/net/unix: lines turned into unix_diag_msg.
 *
 * Fields of a line (net/unix/af_unix.c): `pointer: references protocol flags type state inode path`, hexadecimal but for
 * the inode. The path is written as it is, with `@` for every NUL: it may contain blanks and line breaks, so a line that
 * does not look like one of a socket continues the path before it. The file has no queues, no peers and no users.
 *
 * @module
 */
import { AF_UNIX } from "../../../ffi/socket.ts";
import { DecodeError } from "../../model/decode_error.ts";
import {
  TCP_CLOSE,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_SYN_SENT,
} from "../../model/state.ts";
import { NLA_HEADER_SIZE } from "../../netlink/attribute.ts";
import { align } from "../../netlink/header.ts";
import type { ProcTable } from "../family.ts";
import * as uapi from "./uapi.ts";
import { latin1Text } from "../../text/encoding.ts";

const FILE = "unix";
const WHAT = "/proc/net/unix";
const AT = 0x40;
const BLANK = 0x20;
const NEWLINE = 0x0a;

/** Kernel: `SO_ACCEPTCON`, which marks a listener. */
const ACCEPTING = 1 << 16;
/** SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED and SS_DISCONNECTING (include/uapi/linux/net.h), from 1. */
const STATES = [TCP_CLOSE, TCP_SYN_SENT, TCP_ESTABLISHED, TCP_CLOSING];

const LINE =
  /^([0-9a-f]+): ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{4}) ([0-9a-f]{2}) +(\d{1,10})(?: |$)/i;
/** More than the fields before the name are long. */
const FIELDS_LIMIT = 96;

/** The table. */
export const unixProcTable: ProcTable = {
  file: FILE,
  parse(bytes, emit) {
    let start = bytes.indexOf(NEWLINE) + 1;
    // No newline at all: not even the header line that the file always has.
    if (start === 0) throw new DecodeError(WHAT, 0, "the header line is missing");
    while (start < bytes.length) {
      let next = lineEnd(bytes, start) + 1;
      const fields = LINE.exec(latin1Text(bytes, start, Math.min(next - 1, start + FIELDS_LIMIT)));
      if (fields === null) {
        throw new DecodeError(WHAT, start, "a line that is not one of a socket");
      }
      // A line that is not one of a socket belongs to the name of this socket.
      while (next < bytes.length && !startsLine(bytes, next)) next = lineEnd(bytes, next) + 1;
      const named = bytes[start + fields[0].length - 1] === BLANK;
      const name = named
        ? bytes.subarray(start + fields[0].length, Math.min(next - 1, bytes.length))
        : null;
      const message = encode(fields, name, start);
      emit(message, 0, message.byteLength);
      start = next;
    }
  },
};

function lineEnd(bytes: Uint8Array, start: number): number {
  const end = bytes.indexOf(NEWLINE, start);
  return end < 0 ? bytes.length : end;
}

function startsLine(bytes: Uint8Array, start: number): boolean {
  return LINE.test(latin1Text(bytes, start, Math.min(lineEnd(bytes, start), start + FIELDS_LIMIT)));
}

function encode(fields: RegExpExecArray, name: Uint8Array | null, at: number): DataView {
  const inode = Number(fields[7]);
  if (inode > 0xffff_ffff) {
    throw new DecodeError(WHAT, at, `inode ${inode} does not fit 32 bits`);
  }
  const flags = parseInt(fields[4]!, 16);
  const state = (flags & ACCEPTING) !== 0
    ? TCP_LISTEN
    : STATES[parseInt(fields[6]!, 16) - 1] ?? TCP_CLOSE;
  const attribute = name === null || name.length === 0 ? 0 : NLA_HEADER_SIZE + name.length;
  const view = new DataView(new ArrayBuffer(uapi.UNIX_DIAG_MSG_SIZE + align(attribute)));
  view.setUint8(uapi.MSG_FAMILY, AF_UNIX);
  view.setUint8(uapi.MSG_TYPE, parseInt(fields[5]!, 16));
  view.setUint8(uapi.MSG_STATE, state);
  view.setUint32(uapi.MSG_INO, inode, true);
  view.setBigUint64(uapi.MSG_COOKIE, BigInt(`0x${fields[1]!.slice(-16)}`), true);
  if (name !== null && attribute > 0) {
    view.setUint16(uapi.UNIX_DIAG_MSG_SIZE, attribute, true);
    view.setUint16(uapi.UNIX_DIAG_MSG_SIZE + 2, uapi.UNIX_DIAG_NAME, true);
    const payload = new Uint8Array(view.buffer, uapi.UNIX_DIAG_MSG_SIZE + NLA_HEADER_SIZE);
    payload.set(name);
    // It may also be a relative path that begins with @, but an abstract name is far more likely.
    if (name[0] === AT) payload[0] = 0;
  }
  return view;
}
