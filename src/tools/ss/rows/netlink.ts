/**
 * Netlink sockets in ss mode.
 *
 * @module
 */
import { AF_NETLINK } from "../../../../ffi/socket.ts";
import { stateMask, TCP_CLOSE } from "../../../model/state.ts";
import type { SourceKind } from "../../../families/family.ts";
import { COLUMN } from "../layout/columns.ts";
import type { SsContext } from "../context.ts";
import type { SsFamily, SsPrinter } from "./printer.ts";
import { writeStart } from "./row.ts";
import { writeSkmem } from "./skmem.ts";
import { RowSubject } from "./subject.ts";
import { ssNetlinkProtocolName } from "../../../families/netlink_protocols.ts";
import {
  dumpRequest,
  type NetlinkMessage,
  netlinkMessage,
  netlinkProcTable,
} from "../../../families/netlink.ts";
import * as uapi from "../../../families/netlink.ts";

/** A row as a filter sees it: the protocol for an address, the port ID, signed, for a port. */
class NetlinkSubject extends RowSubject<NetlinkMessage> {
  readonly family = AF_NETLINK;

  override get sourcePort(): number {
    return this.message.portId | 0;
  }

  override get destinationPort(): number {
    return -1;
  }

  override sourceWord(index: 0 | 1 | 2 | 3): number {
    return index === 0 ? this.message.protocol : 0;
  }
}

const CLOSED = stateMask(TCP_CLOSE);

class NetlinkPrinter implements SsPrinter {
  readonly #context: SsContext;
  readonly #message = netlinkMessage();
  readonly #subject: NetlinkSubject;

  constructor(context: SsContext) {
    this.#context = context;
    this.#subject = new NetlinkSubject(this.#message, context.names);
  }

  row(view: DataView, start: number, end: number, source: SourceKind): void {
    const message = this.#message.at(view, start, end);
    const { cells, options, selection } = this.#context;
    if ((selection.states & CLOSED) === 0) return;
    if (!this.#context.wants(this.#subject)) return;
    writeStart(
      cells,
      "nl",
      TCP_CLOSE,
      Math.max(0, message.receiveQueue),
      Math.max(0, message.sendQueue),
    );
    cells.text(ssNetlinkProtocolName(message.protocol, options.numeric));
    cells.byte(0x3a);
    cells.column(COLUMN.port);
    this.#port(message.portId | 0);
    cells.column(COLUMN.peerAddress);
    if (message.state === uapi.NETLINK_CONNECTED) {
      cells.text(`${message.peerGroup | 0}:`);
      cells.column(COLUMN.peerPort);
      cells.decimal(message.peerPortId | 0);
    } else cells.byte(0x2a);
    // No owners are named. What follows stands in their column, and is hidden with it.
    cells.column(COLUMN.process);
    if (options.extended) this.#extended(source);
    if (options.memory && source === "netlink" && message.has(uapi.NETLINK_DIAG_MEMINFO)) {
      cells.byte(0x09);
      writeSkmem(cells, message, uapi.NETLINK_DIAG_MEMINFO);
    } else if (options.memory && source === "netlink") cells.byte(0x09);
  }

  // Programs often choose their process ID as the port ID.
  #port(portId: number): void {
    const { cells, names, options } = this.#context;
    if (portId === -1) cells.byte(0x2a);
    else if (options.numeric) cells.decimal(portId);
    else if (portId === 0) cells.text("kernel");
    else {
      const name = portId > 0 ? names.processName(portId) : null;
      if (name !== null) {
        cells.bytes(name);
        cells.byte(0x2f);
      }
      cells.decimal(portId);
    }
  }

  // Pointer and callback are told only by /proc.
  #extended(source: SourceKind): void {
    const { cells } = this.#context;
    const message = this.#message;
    const proc = source === "proc";
    cells.text(" sk=");
    cells.hex(proc ? message.cookie ?? 0xffff_ffff_ffff_ffffn : 0);
    const flags = message.u32Attribute(uapi.NETLINK_DIAG_FLAGS);
    cells.text(` cb=${proc && (flags & uapi.NDIAG_FLAG_CB_RUNNING) !== 0 ? 1 : 0}`);
    const groups = message.attributeLength(uapi.NETLINK_DIAG_GROUPS) >= 4
      ? message.u32Attribute(uapi.NETLINK_DIAG_GROUPS)
      : 0;
    cells.text(` groups=0x${groups.toString(16).padStart(8, "0")}`);
  }
}

/** Netlink sockets in ss mode. */
export const ss: SsFamily = {
  request: () => dumpRequest(uapi.NDIAG_SHOW_GROUPS | uapi.NDIAG_SHOW_MEMINFO),
  table: netlinkProcTable,
  printer: (context) => new NetlinkPrinter(context),
};
