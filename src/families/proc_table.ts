/**
 * Tables under /proc/net as messages: what small families share.
 *
 * @module
 */
import { NLMSG_HEADER_SIZE } from "../netlink/header.ts";
import type { MessageBuilder } from "../netlink/builder.ts";
import { latin1Text } from "../text/encoding.ts";
import type { ProcTable } from "./family.ts";

/** The table `file`, which `each` reads row by row. `encode` makes a message of a row. */
export function procTable<Row>(
  file: string,
  each: (text: string, take: (row: Row) => void) => void,
  encode: (row: Row) => DataView,
): ProcTable {
  return {
    file,
    parse(bytes, emit) {
      each(latin1Text(bytes), (row) => {
        const message = encode(row);
        emit(message, message.byteOffset, message.byteOffset + message.byteLength);
      });
    },
  };
}

/** The body of a message, without the netlink header: what decoders read. */
export function bodyOf(builder: MessageBuilder): DataView {
  const bytes = builder.finish();
  return new DataView(bytes.buffer.slice(NLMSG_HEADER_SIZE));
}
