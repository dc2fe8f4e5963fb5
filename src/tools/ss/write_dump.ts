/**
 * `-D FILE`: writes the kernel's replies for TCP as they are. The dump asks for the selected states; the filter is ignored.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { createGiven } from "../../files/given_file.ts";
import { Refusal } from "../../files/refusal.ts";
import { Stop } from "./arguments.ts";
import { ssRequest } from "./rows/inet/mod.ts";
import { IPPROTO_TCP } from "../../families/inet/uapi.ts";
import type { SsOptions } from "./options.ts";
import type { SsSelection } from "./selection.ts";
import { stamp } from "../../netlink/builder.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { align, NLMSG_DONE, NLMSG_ERROR, NLMSG_HEADER_SIZE } from "../../netlink/header.ts";
import { DatagramReceiver } from "../../netlink/receiver.ts";
import { Writer } from "../../text/writer.ts";

/** Writes the replies to a file; any name that starts with a dash is standard output. Throws SyscallError and {@linkcode Stop}. */
export function dumpTcp(
  name: string,
  selection: SsSelection,
  options: SsOptions,
  out: Writer,
): void {
  if (name.startsWith("-")) {
    writeReplies(selection, options, out);
    return;
  }
  const fd = createGiven(name, 0o666);
  if (fd instanceof Refusal) {
    if (fd.errno !== 0) throw new SyscallError(`open ${name}`, fd.errno);
    throw new Stop(255, `-D: ${name} ${fd.text}`);
  }
  try {
    writeReplies(selection, options, new Writer(fd, name));
  } finally {
    close(fd);
  }
}

function writeReplies(selection: SsSelection, options: SsOptions, out: Writer): void {
  const preferred = selection.preferredFamily;
  const families = preferred === AF_INET || preferred === AF_INET6
    ? [preferred]
    : [AF_INET, AF_INET6];
  const connection = new Connection(NETLINK_SOCK_DIAG);
  try {
    for (const [i, family] of families.entries()) {
      const request = ssRequest(family, IPPROTO_TCP, selection.states, options, null);
      stamp(request, i + 1, connection.portId);
      connection.send(request);
      copyReply(new DatagramReceiver(connection, "ss"), out);
    }
  } finally {
    connection.close();
  }
}

/** Copies messages to the end of a reply. */
function copyReply(receiver: DatagramReceiver, out: Writer): void {
  for (let done = false; !done;) {
    const message = receiver.next();
    const { buffer, byteOffset } = message.view;
    while (message.next()) {
      const from = message.start - NLMSG_HEADER_SIZE;
      out.writeBytes(new Uint8Array(buffer, byteOffset + from, align(message.end - from)));
      done ||= message.type === NLMSG_DONE || message.type === NLMSG_ERROR;
    }
  }
}
