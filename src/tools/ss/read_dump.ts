/**
 * Reads the dumps that `-D` writes and that TCPDIAG_FILE names: files of netlink messages.
 *
 * @module
 */
import { errnoText, SyscallError } from "../../../ffi/errno.ts";
import { readGiven } from "../../files/given_file.ts";
import { Refusal } from "../../files/refusal.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { NLMSG_DONE, NLMSG_ERROR } from "../../netlink/header.ts";
import { MessageCursor } from "../../netlink/message.ts";

/** A dump of four million sockets. */
const MAX_DUMP_BYTES = 1024 * 1024 * 1024;

/** Why a file was not read, as an error of the kernel is told where it was one. */
export function refusedText(path: string, { errno, text }: Refusal): string {
  return errno === 0 ? `${path} ${text}` : new SyscallError(`read ${path}`, errno).message;
}

/**
 * Reads messages up to the first NLMSG_DONE. A file without one is faulty. Returns what is wrong with the file, or `null`;
 * `onMessage` has been called for the messages before the fault.
 */
export function readDump(
  path: string,
  onMessage: (view: DataView, start: number, end: number) => void,
): string | null {
  try {
    const bytes = readGiven(path, MAX_DUMP_BYTES);
    if (bytes instanceof Refusal) return refusedText(path, bytes);
    const message = new MessageCursor(new DataView(bytes.buffer), 0, bytes.length);
    while (message.next()) {
      if (message.type === NLMSG_DONE) return null;
      if (message.type === NLMSG_ERROR) {
        const { view, start, end } = message;
        if (end - start < 4) return "the error in it is cut";
        return `the kernel had answered: ${errnoText(-view.getInt32(start, true))}`;
      }
      onMessage(message.view, message.start, message.end);
    }
    return "it ends without an end mark";
  } catch (error) {
    if (error instanceof DecodeError || error instanceof SyscallError) return error.message;
    throw error;
  }
}
