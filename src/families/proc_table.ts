/**
 * What readers of tables under /proc/net share. The fields of a line are separated by blanks.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import { NLMSG_HEADER_SIZE } from "../netlink/header.ts";
import type { MessageBuilder } from "../netlink/builder.ts";
import type { ProcTable } from "./family.ts";
import { latin1Text } from "../text/encoding.ts";

/** The place of a line, for errors. */
interface Line {
  /** `/proc/net/packet`. */
  readonly what: string;
  /** Its offset in the file, in bytes. */
  readonly at: number;
}

/** The table `file`: a header line, then one socket a line. `encode` makes a message of the fields of a line. */
export function procTable(
  file: string,
  encode: (fields: readonly string[], line: Line) => DataView,
): ProcTable {
  const what = `/proc/net/${file}`;
  return {
    file,
    parse(bytes, emit) {
      let start = bytes.indexOf(0x0a) + 1;
      // Every such file has at least a header line.
      if (start === 0) throw new DecodeError(what, 0, "the header line is missing");
      while (start < bytes.length) {
        let end = bytes.indexOf(0x0a, start);
        if (end < 0) end = bytes.length;
        const text = latin1Text(bytes, start, end).trim();
        if (text !== "") {
          const message = encode(text.split(/\s+/), { what, at: start });
          emit(message, message.byteOffset, message.byteOffset + message.byteLength);
        }
        start = end + 1;
      }
    },
  };
}

function field(
  text: string | undefined,
  digits: RegExp,
  radix: 10 | 16,
  limit: number,
  name: string,
  { what, at }: Line,
): number {
  if (text === undefined || !digits.test(text)) {
    throw new DecodeError(what, at, `${name} is ${JSON.stringify(text ?? "")}, not a number`);
  }
  const value = parseInt(text, radix);
  if (value > limit) throw new DecodeError(what, at, `${name} is ${value}, more than ${limit}`);
  return value;
}

/** A decimal field of at most `limit`. Throws {@linkcode DecodeError}. */
export function decimal(text: string | undefined, limit: number, name: string, at: Line): number {
  return field(text, /^\d{1,15}$/, 10, limit, name, at);
}

/** A hexadecimal field of at most `limit`. Throws {@linkcode DecodeError}. */
export function hexadecimal(
  text: string | undefined,
  limit: number,
  name: string,
  at: Line,
): number {
  return field(text, /^[0-9a-fA-F]{1,13}$/, 16, limit, name, at);
}

/** The body of a message, without the netlink header: what decoders read. */
export function bodyOf(builder: MessageBuilder): DataView {
  const bytes = builder.finish();
  return new DataView(bytes.buffer.slice(NLMSG_HEADER_SIZE));
}
