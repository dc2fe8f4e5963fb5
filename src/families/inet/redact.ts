/**
 * Redact: removes secrets from dumps that are kept.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { AttributeCursor } from "../../netlink/attribute.ts";
import * as uapi from "./uapi.ts";

/** struct tcp_diag_md5sig: the key is the last 80 of 100 bytes. */
const MD5SIG_SIZE = 100;
const MD5SIG_KEY = 20;

/**
 * Overwrites the keys of TCP MD5 signatures in a sock_diag message with zeros. If the lengths of attributes do not add up, all
 * attributes are overwritten, because a key may be anywhere in them.
 */
export function eraseKeys(view: DataView, start: number, end: number): void {
  const attributes = start + uapi.INET_DIAG_MSG_SIZE;
  if (end <= attributes) return;
  const family = view.getUint8(start);
  if (family !== AF_INET && family !== AF_INET6) return;
  const zero = (from: number, to: number) =>
    new Uint8Array(view.buffer, view.byteOffset + from, to - from).fill(0);
  try {
    const cursor = new AttributeCursor(view, attributes, end);
    while (cursor.next()) {
      if (cursor.type !== uapi.INET_DIAG_MD5SIG) continue;
      const { offset, length } = cursor;
      for (let at = 0; at < length; at += MD5SIG_SIZE) {
        zero(
          offset + Math.min(at + MD5SIG_KEY, length),
          offset + Math.min(at + MD5SIG_SIZE, length),
        );
      }
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    zero(attributes, end);
  }
}
