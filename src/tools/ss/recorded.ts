/**
 * Dumps in files, as `-D` writes them and TCPDIAG_FILE names them: netlink messages one after the other.
 *
 * @module
 */
import { errnoText, SyscallError } from "../../../ffi/errno.ts";
import { readFile } from "../../../ffi/files.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { NLMSG_DONE, NLMSG_ERROR } from "../../netlink/header.ts";
import { MessageCursor } from "../../netlink/message.ts";

/**
 * Reads messages up to the first NLMSG_DONE, which is the only proper end. Returns what was wrong, or `null`; messages before
 * the fault were handed out.
 */
export function readDump(
  path: string,
  onMessage: (view: DataView, start: number, end: number) => void,
): string | null {
  try {
    const bytes = readFile(path);
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
