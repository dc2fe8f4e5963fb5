/**
 * XDP sockets in ss mode.
 *
 * @module
 */
import { AF_XDP } from "../../../model/address_family.ts";
import { stateMask, TCP_CLOSE } from "../../../model/state.ts";
import type { SourceKind } from "../../../families/family.ts";
import { writeDetails } from "./details.ts";
import { COLUMN } from "../layout/columns.ts";
import type { SsTable } from "../layout/table.ts";
import type { SsContext } from "../context.ts";
import type { SsFamily, SsPrinter } from "./printer.ts";
import { writeStart } from "./row.ts";
import { writeSkmem } from "./skmem.ts";
import { RowSubject } from "./subject.ts";
import { dumpRequest, type XdpMessage, xdpMessage } from "../../../families/xdp.ts";
import * as uapi from "../../../families/xdp.ts";

/** A row as a filter sees it: the queue for a port. */
class XdpSubject extends RowSubject<XdpMessage> {
  readonly family = AF_XDP;

  override get ifindex(): number {
    return Math.max(0, this.message.interfaceIndex);
  }

  override get sourcePort(): number {
    return Math.max(0, this.message.queue);
  }
}

const CLOSED = stateMask(TCP_CLOSE);

class XdpPrinter implements SsPrinter {
  readonly #context: SsContext;
  readonly #message = xdpMessage();
  readonly #subject: XdpSubject;

  constructor(context: SsContext) {
    this.#context = context;
    this.#subject = new XdpSubject(this.#message, context.names);
  }

  row(view: DataView, start: number, end: number, _source: SourceKind): void {
    const message = this.#message.at(view, start, end);
    const { cells, names, options, selection } = this.#context;
    if ((selection.states & CLOSED) === 0) return;
    if (!this.#context.wants(this.#subject)) return;
    writeStart(cells, "xdp", TCP_CLOSE, Math.max(0, message.receiveQueue), 0);
    if (message.interfaceIndex > 0) {
      cells.utf8(names.interface(message.interfaceIndex));
      cells.byte(0x3a);
      cells.column(COLUMN.port);
      cells.text(`q${message.queue | 0}`);
    } else cells.byte(0x2a);
    cells.column(COLUMN.peerAddress);
    cells.byte(0x2a);
    cells.column(COLUMN.process);
    this.#context.process(message.inode);
    if (options.extended) {
      writeDetails(cells, message.u32Attribute(uapi.XDP_DIAG_UID), message.inode, message.cookie);
      writeExtended(cells, message, options.oneline);
    }
    if (options.memory && message.has(uapi.XDP_DIAG_MEMINFO)) {
      writeSkmem(cells, message, uapi.XDP_DIAG_MEMINFO);
    }
  }
}

function writeRing(cells: SsTable, message: XdpMessage, name: string, type: number, one: boolean) {
  const entries = message.u32Attribute(type);
  if (message.attributeLength(type) < 4) return;
  cells.text(`${one ? " " : "\n\t"}${name}(entries:${entries})`);
}

function writeExtended(cells: SsTable, message: XdpMessage, oneline: boolean): void {
  writeRing(cells, message, "rx", uapi.XDP_DIAG_RX_RING, oneline);
  writeRing(cells, message, "tx", uapi.XDP_DIAG_TX_RING, oneline);
  if (message.attributeLength(uapi.XDP_DIAG_UMEM) >= 40) {
    const word = (index: number) => message.u32Attribute(uapi.XDP_DIAG_UMEM, index);
    // With -O ss loses the line break and keeps the letter after its backslash.
    cells.text(oneline ? " tumem(" : "\n\tumem(");
    cells.text(`id:${word(2)},size:${message.u64Attribute(uapi.XDP_DIAG_UMEM)}`);
    cells.text(`,num_pages:${word(3)},chunk_size:${word(4)},headroom:${word(5)}`);
    cells.text(`,ifindex:${word(6)},qid:${word(7)}`);
    cells.text(`,zc:${word(8) & uapi.XDP_DU_F_ZEROCOPY},refs:${word(9)})`);
    writeRing(cells, message, "fr", uapi.XDP_DIAG_UMEM_FILL_RING, oneline);
    writeRing(cells, message, "cr", uapi.XDP_DIAG_UMEM_COMPLETION_RING, oneline);
  }
  if (message.attributeLength(uapi.XDP_DIAG_STATS) >= 48) {
    const at = message.attributeOffset(uapi.XDP_DIAG_STATS);
    const count = (index: number) => message.view.getBigUint64(at + 8 * index, true);
    cells.text(`${oneline ? " " : "\n\t"}stats(rx dropped:${count(0)},rx invalid:${count(1)}`);
    cells.text(`,rx queue full:${count(2)},rx fill ring empty:${count(3)}`);
    cells.text(`,tx invalid:${count(4)},tx ring empty:${count(5)})`);
  }
}

/** XDP sockets in ss mode. */
export const ss: SsFamily = {
  request: () =>
    dumpRequest(
      uapi.XDP_SHOW_INFO | uapi.XDP_SHOW_RING_CFG | uapi.XDP_SHOW_UMEM | uapi.XDP_SHOW_MEMINFO |
        uapi.XDP_SHOW_STATS,
    ),
  table: null,
  printer: (context) => new XdpPrinter(context),
};
