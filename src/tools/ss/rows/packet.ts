/**
 * Packet sockets in ss mode.
 *
 * @module
 */
import { AF_PACKET, SOCK_DGRAM, SOCK_RAW } from "../../../../ffi/socket.ts";
import { DecodeError } from "../../../model/decode_error.ts";
import { stateMask, TCP_CLOSE } from "../../../model/state.ts";
import type { SourceKind } from "../../../families/family.ts";
import { writeDetails } from "./details.ts";
import { COLUMN } from "../layout/columns.ts";
import type { SsTable } from "../layout/table.ts";
import type { SsContext } from "../context.ts";
import type { SsFamily, SsPrinter } from "./printer.ts";
import { TABLE } from "../selection.ts";
import { writeStart } from "./row.ts";
import { writeSkmem } from "./skmem.ts";
import { RowSubject } from "./subject.ts";
import { ETH_P_ALL, ssEthertypeName } from "../../../families/ethertypes.ts";
import {
  dumpRequest,
  type PacketMessage,
  packetMessage,
  packetProcTable,
} from "../../../families/packet.ts";
import * as uapi from "../../../families/packet.ts";

/** A row as a filter sees it: the protocol for an address, the interface for a port. */
class PacketSubject extends RowSubject<PacketMessage> {
  readonly family = AF_PACKET;

  override get ifindex(): number {
    return Math.max(0, this.message.interfaceIndex);
  }

  override get sourcePort(): number {
    return this.ifindex;
  }

  override sourceWord(index: 0 | 1 | 2 | 3): number {
    return index === 0 ? this.message.ethertype : 0;
  }
}

const CLOSED = stateMask(TCP_CLOSE);

class PacketPrinter implements SsPrinter {
  readonly #context: SsContext;
  readonly #message = packetMessage();
  readonly #subject: PacketSubject;

  constructor(context: SsContext) {
    this.#context = context;
    this.#subject = new PacketSubject(this.#message, context.names);
  }

  row(view: DataView, start: number, end: number, source: SourceKind): void {
    const message = this.#message.at(view, start, end);
    const { selection } = this.#context;
    if ((selection.states & CLOSED) === 0) return;
    if (source === "proc") {
      // The types are told apart only here.
      if (message.type === SOCK_RAW && (selection.tables & TABLE.packet_raw) === 0) return;
      if (message.type === SOCK_DGRAM && (selection.tables & TABLE.packet_dgram) === 0) return;
    } else if (!message.has(uapi.PACKET_DIAG_MEMINFO)) {
      throw new DecodeError("packet_diag_msg", start, "PACKET_DIAG_MEMINFO is missing");
    }
    if (!this.#context.wants(this.#subject)) return;
    this.#start();
    const { options, cells } = this.#context;
    if (options.extended) {
      writeDetails(
        cells,
        message.u32Attribute(uapi.PACKET_DIAG_UID),
        message.inode,
        message.cookie,
      );
    }
    if (source === "proc") return;
    if (options.extended) writeExtended(cells, message, options.oneline);
    if (options.bpf && message.has(uapi.PACKET_DIAG_FILTER)) {
      writeFilter(cells, message, options.oneline);
    }
    if (options.memory) {
      writeSkmem(cells, message, uapi.PACKET_DIAG_MEMINFO);
    }
  }

  #start(): void {
    const { cells, names, options } = this.#context;
    const message = this.#message;
    const { ethertype, interfaceIndex } = message;
    const netid = message.type === SOCK_RAW ? "p_raw" : "p_dgr";
    writeStart(cells, netid, TCP_CLOSE, Math.max(0, message.receiveQueue), 0);
    cells.text(
      ethertype === ETH_P_ALL ? "*" : ssEthertypeName(ethertype, options.numeric),
    );
    cells.byte(0x3a);
    cells.column(COLUMN.port);
    cells.utf8(interfaceIndex <= 0 ? "*" : names.interface(interfaceIndex));
    cells.column(COLUMN.peerAddress);
    cells.byte(0x2a);
    cells.column(COLUMN.process);
    this.#context.process(message.inode);
  }
}

const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [uapi.PDI_RUNNING, "running"],
  [uapi.PDI_AUXDATA, " auxdata"],
  [uapi.PDI_ORIGDEV, " origdev"],
  [uapi.PDI_VNETHDR, " vnethdr"],
  [uapi.PDI_LOSS, " loss"],
];

/** PACKET_FANOUT_*: include/uapi/linux/if_packet.h. */
const FANOUT_TYPES = ["hash", "lb", "cpu", "roll", "random", "qm"];

function writeExtended(cells: SsTable, message: PacketMessage, oneline: boolean): void {
  const separator = oneline ? " " : "\n\t";
  const word = (type: number, index: number) => message.u32Attribute(type, index);
  if (message.attributeLength(uapi.PACKET_DIAG_INFO) >= 24) {
    const flags = word(uapi.PACKET_DIAG_INFO, 5);
    cells.text(`${separator}ver:${word(uapi.PACKET_DIAG_INFO, 1) | 0}`);
    cells.text(` cpy_thresh:${word(uapi.PACKET_DIAG_INFO, 3) | 0} flags( `);
    for (const [bit, name] of FLAGS) if ((flags & bit) !== 0) cells.text(name);
    cells.text(flags === 0 ? "0 )" : " )");
  }
  for (
    const [name, ring] of [
      ["rx", uapi.PACKET_DIAG_RX_RING],
      ["tx", uapi.PACKET_DIAG_TX_RING],
    ] as const
  ) {
    if (message.attributeLength(ring) < 28) continue;
    cells.text(`${separator}ring_${name}(blk_size:${word(ring, 0) | 0}`);
    cells.text(`,blk_nr:${word(ring, 1) | 0},frm_size:${word(ring, 2) | 0}`);
    cells.text(`,frm_nr:${word(ring, 3) | 0},tmo:${word(ring, 4) | 0},features:0x`);
    cells.hex(word(ring, 6));
    cells.byte(0x29);
  }
  if (message.attributeLength(uapi.PACKET_DIAG_FANOUT) >= 4) {
    const fanout = word(uapi.PACKET_DIAG_FANOUT, 0);
    const type = fanout >>> 16;
    cells.text(`${separator}fanout(id:${fanout & 0xffff},type:`);
    cells.text(`${FANOUT_TYPES[type] ?? `0x${type.toString(16)}`})`);
  }
}

/** The filter program: code, jumps, operand of each instruction. */
function writeFilter(cells: SsTable, message: PacketMessage, oneline: boolean): void {
  const { view } = message;
  const offset = message.attributeOffset(uapi.PACKET_DIAG_FILTER);
  const count = message.attributeLength(uapi.PACKET_DIAG_FILTER) >>> 3;
  cells.text(`${oneline ? " " : "\n\t"}bpf filter (${count}): `);
  for (let at = offset; at < offset + 8 * count; at += 8) {
    cells.text(` 0x${view.getUint16(at, true).toString(16).padStart(2, "0")}`);
    cells.text(` ${view.getUint8(at + 2)} ${view.getUint8(at + 3)}`);
    cells.text(` ${view.getUint32(at + 4, true)},`);
  }
}

/** Packet sockets in ss mode. */
export const ss: SsFamily = {
  request: () =>
    dumpRequest(
      uapi.PACKET_SHOW_INFO | uapi.PACKET_SHOW_MEMINFO | uapi.PACKET_SHOW_FILTER |
        uapi.PACKET_SHOW_RING_CFG | uapi.PACKET_SHOW_FANOUT,
    ),
  table: packetProcTable,
  printer: (context) => new PacketPrinter(context),
};
