/**
 * /proc/net/unix: rows turned into unix_diag_msg. The file has no queues, no peers and no users.
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
import { eachUnixRow, SO_ACCEPTCON, type UnixRow } from "../../proc/net_unix.ts";
import { latin1Bytes, latin1Text } from "../../text/encoding.ts";
import type { ProcTable } from "../family.ts";
import * as uapi from "./uapi.ts";

const FILE = "unix";
const WHAT = "/proc/net/unix";
const AT = 0x40;

/** SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED and SS_DISCONNECTING (include/uapi/linux/net.h), from 1. */
const STATES = [TCP_CLOSE, TCP_SYN_SENT, TCP_ESTABLISHED, TCP_CLOSING];

/** The table. */
export const unixProcTable: ProcTable = {
  file: FILE,
  parse(bytes, emit) {
    const text = latin1Text(bytes);
    const header = text.indexOf("\n") + 1;
    // No newline at all: not even the header line that the file always has.
    if (header === 0) throw new DecodeError(WHAT, 0, "the header line is missing");
    let first = text.length > header;
    eachUnixRow(text, (row, at) => {
      if (first && at !== header) fail(header);
      first = false;
      const message = encode(row, at);
      emit(message, 0, message.byteLength);
    });
    if (first) fail(header);
  },
};

function fail(at: number): never {
  throw new DecodeError(WHAT, at, "a line that is not one of a socket");
}

function encode({ address, flags, type, state, inode, path }: UnixRow, at: number): DataView {
  if (inode > 0xffff_ffff) {
    throw new DecodeError(WHAT, at, `inode ${inode} does not fit 32 bits`);
  }
  const name = path === null ? null : latin1Bytes(path);
  const attribute = name === null ? 0 : NLA_HEADER_SIZE + name.length;
  const view = new DataView(new ArrayBuffer(uapi.UNIX_DIAG_MSG_SIZE + align(attribute)));
  view.setUint8(uapi.MSG_FAMILY, AF_UNIX);
  view.setUint8(uapi.MSG_TYPE, type);
  view.setUint8(
    uapi.MSG_STATE,
    (flags & SO_ACCEPTCON) !== 0 ? TCP_LISTEN : STATES[state - 1] ?? TCP_CLOSE,
  );
  view.setUint32(uapi.MSG_INO, inode, true);
  view.setBigUint64(uapi.MSG_COOKIE, BigInt(`0x${address.slice(-16)}`), true);
  if (name !== null) {
    view.setUint16(uapi.UNIX_DIAG_MSG_SIZE, attribute, true);
    view.setUint16(uapi.UNIX_DIAG_MSG_SIZE + 2, uapi.UNIX_DIAG_NAME, true);
    const payload = new Uint8Array(view.buffer, uapi.UNIX_DIAG_MSG_SIZE + NLA_HEADER_SIZE);
    payload.set(name);
    // It may also be a relative path that begins with @, but an abstract name is far more likely.
    if (name[0] === AT) payload[0] = 0;
  }
  return view;
}
