/**
 * TIPC sockets in ss mode.
 *
 * @module
 */
import type { SourceKind } from "../../../families/family.ts";
import { writeDetails } from "./details.ts";
import { COLUMN } from "../layout/columns.ts";
import type { SsTable } from "../layout/table.ts";
import type { SsContext } from "../context.ts";
import type { SsFamily, SsPrinter } from "./printer.ts";
import { writeStart } from "./row.ts";
import { SOCK_DGRAM, SOCK_RDM, SOCK_SEQPACKET, SOCK_STREAM } from "../../../../ffi/socket.ts";
import { dumpRequest, holdsSocket, type TipcMessage, tipcMessage } from "../../../families/tipc.ts";
import * as uapi from "../../../families/tipc.ts";

const TYPES: Readonly<Record<number, readonly [netid: string, name: string]>> = {
  [SOCK_STREAM]: ["ti_st", "STREAM"],
  [SOCK_DGRAM]: ["ti_dg", "DGRAM"],
  [SOCK_RDM]: ["ti_rd", "RDM"],
  [SOCK_SEQPACKET]: ["ti_sq", "SEQPACKET"],
};

/** ss applies no filter to these. */
class TipcPrinter implements SsPrinter {
  readonly #context: SsContext;
  readonly #message = tipcMessage();

  constructor(context: SsContext) {
    this.#context = context;
  }

  row(view: DataView, start: number, end: number, _source: SourceKind): void {
    if (!holdsSocket(start, end)) return;
    const message = this.#message.at(view, start, end);
    const { cells, options } = this.#context;
    const [netid] = TYPES[message.type] ?? ["???"];
    writeStart(
      cells,
      netid,
      Math.max(0, message.state),
      Math.max(0, message.receiveQueue),
      Math.max(0, message.sendQueue),
    );
    cells.text(`${message.node}:`);
    cells.column(COLUMN.port);
    cells.decimal(message.ref);
    cells.column(COLUMN.peerAddress);
    if (message.has(uapi.TIPC_NLA_SOCK_CON)) {
      cells.text(`${message.peerNode}:`);
      cells.column(COLUMN.peerPort);
      cells.decimal(message.peerRef);
    } else cells.byte(0x2d);
    cells.column(COLUMN.process);
    // It comes before the owners, so it stands in their column.
    if (options.extended) writeDetails(cells, message.uid, message.inode, message.cookie);
    this.#context.process(message.inode);
    if (options.tipcinfo) writeInfo(cells, message, options.oneline);
  }
}

function writeInfo(cells: SsTable, message: TipcMessage, oneline: boolean): void {
  const connection = message.nest(uapi.TIPC_NLA_SOCK_CON);
  const stat = message.nest(uapi.TIPC_NLA_SOCK_STAT);
  const [, type] = TYPES[message.type] ?? ["", "UNKNOWN"];
  const congestion = stat.has(uapi.TIPC_NLA_SOCK_STAT_LINK_CONG)
    ? "link"
    : stat.has(uapi.TIPC_NLA_SOCK_STAT_CONN_CONG)
    ? "conn"
    : "none";
  const dropped = Math.max(0, stat.u32Attribute(uapi.TIPC_NLA_SOCK_STAT_DROP));
  cells.text(`${oneline ? " " : "\n "}type:${type} cong:${congestion}  drop:${dropped | 0} `);
  if (message.has(uapi.TIPC_NLA_SOCK_HAS_PUBL)) cells.text(" publ");
  if (connection.has(uapi.TIPC_NLA_CON_FLAG)) {
    const service = Math.max(0, connection.u32Attribute(uapi.TIPC_NLA_CON_TYPE));
    const instance = Math.max(0, connection.u32Attribute(uapi.TIPC_NLA_CON_INST));
    cells.text(` via {${service},${instance}} `);
  }
}

/** TIPC sockets in ss mode. */
export const ss: SsFamily = {
  request: ({ selection }) => dumpRequest(selection.states),
  table: null,
  printer: (context) => new TipcPrinter(context),
};
