/**
 * `-E`: waits, and shows internet sockets when they close.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { InetPrinter } from "./rows/inet/mod.ts";
import { type SsSelection, TABLE } from "./selection.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { NLMSG_MIN_TYPE } from "../../netlink/header.ts";
import { DatagramReceiver } from "../../netlink/receiver.ts";
import type { SsTable } from "./layout/table.ts";
import type { Writer } from "../../text/writer.ts";
import type { SsRun } from "./context.ts";
import { PortNames } from "./names/ports.ts";

/** Multicast groups by table and family, as bits. Kernel: SKNLGRP_*, include/uapi/linux/sock_diag.h. */
const GROUPS: readonly (readonly [table: number, family: number, bit: number])[] = [
  [TABLE.tcp, AF_INET, 1 << 0],
  [TABLE.udp, AF_INET, 1 << 1],
  [TABLE.tcp, AF_INET6, 1 << 2],
  [TABLE.udp, AF_INET6, 1 << 3],
];

/** The groups for the selected tables; 0 when there is none. */
function eventGroups(selection: SsSelection): number {
  let groups = 0;
  for (const [table, family, bit] of GROUPS) {
    if ((selection.tables & table) !== 0 && selection.family(family)) groups |= bit;
  }
  return groups;
}

/** An event does not say its protocol. ss uses a number that no protocol has. */
const NO_PROTOCOL = 263;

/** Shows events until the output is closed. Returns the exit status after a failure. Throws what the writers throw. */
export function follow(run: SsRun, table: SsTable, err: Writer): number {
  const groups = eventGroups(run.selection);
  if (groups === 0) {
    err.write("ss: -E tells of TCP and UDP sockets only\n");
    return 255;
  }
  let connection: Connection;
  try {
    connection = new Connection(NETLINK_SOCK_DIAG, groups);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    err.write(`ss: ${error.message}\n`);
    return 255;
  }
  const printer = new InetPrinter(run, {
    protocol: NO_PROTOCOL,
    names: new PortNames(run),
    close: null,
    filtered: true,
  });
  const receiver = new DatagramReceiver(connection, "ss");
  try {
    for (;;) showNext(receiver, printer, table, err);
  } catch (error) {
    // ENOBUFS: events came faster than they were read, so some were lost.
    if (!(error instanceof SyscallError)) throw error;
    err.write(`ss: ${error.message}\n`);
    return 255;
  } finally {
    connection.close();
  }
}

// Waits for a datagram and shows its messages. One that cannot be decoded is told, and those after it are shown.
function showNext(
  receiver: DatagramReceiver,
  printer: InetPrinter,
  table: SsTable,
  err: Writer,
): void {
  try {
    const message = receiver.next();
    while (message.next()) {
      if (message.type < NLMSG_MIN_TYPE) continue;
      printer.row(message.view, message.start, message.end, "netlink");
      table.render();
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    err.write(`ss: an event could not be decoded: ${error.message}\n`);
    err.flush();
  }
}
