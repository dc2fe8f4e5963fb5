/**
 * Vsock sockets in ss mode.
 *
 * @module
 */
import { AF_VSOCK } from "../../../model/address_family.ts";
import type { SourceKind } from "../../../families/family.ts";
import { COLUMN } from "../layout/columns.ts";
import type { SsContext } from "../context.ts";
import type { SsFamily, SsPrinter } from "./printer.ts";
import { TABLE } from "../selection.ts";
import { writeStart } from "./row.ts";
import { RowSubject } from "./subject.ts";
import {
  dumpRequest,
  VMADDR_ANY,
  type VsockMessage,
  vsockMessage,
} from "../../../families/vsock.ts";
import { SOCK_DGRAM, SOCK_STREAM } from "../../../../ffi/socket.ts";

/** A row as a filter sees it: the context ID for an address. */
class VsockSubject extends RowSubject<VsockMessage> {
  readonly family = AF_VSOCK;

  // ss keeps ports as signed integers.
  override get sourcePort(): number {
    return this.message.sourcePort | 0;
  }

  override get destinationPort(): number {
    return this.message.destinationPort | 0;
  }

  override sourceWord(index: 0 | 1 | 2 | 3): number {
    return index === 0 ? this.message.sourceCid : 0;
  }

  override destinationWord(index: 0 | 1 | 2 | 3): number {
    return index === 0 ? this.message.destinationCid : 0;
  }
}

class VsockPrinter implements SsPrinter {
  readonly #context: SsContext;
  readonly #message = vsockMessage();
  readonly #subject: VsockSubject;

  constructor(context: SsContext) {
    this.#context = context;
    this.#subject = new VsockSubject(this.#message, context.names);
  }

  row(view: DataView, start: number, end: number, _source: SourceKind): void {
    const message = this.#message.at(view, start, end);
    const { cells, selection } = this.#context;
    const { type } = message;
    if (type === SOCK_STREAM && (selection.tables & TABLE.vsock_stream) === 0) return;
    if (type === SOCK_DGRAM && (selection.tables & TABLE.vsock_dgram) === 0) return;
    if (!this.#context.wants(this.#subject)) return;
    const netid = type === SOCK_STREAM ? "v_str" : type === SOCK_DGRAM ? "v_dgr" : "???";
    writeStart(cells, netid, message.state, 0, 0);
    this.#half(message.sourceCid);
    cells.byte(0x3a);
    cells.column(COLUMN.port);
    this.#half(message.sourcePort);
    cells.column(COLUMN.peerAddress);
    this.#half(message.destinationCid);
    cells.byte(0x3a);
    cells.column(COLUMN.peerPort);
    this.#half(message.destinationPort);
    cells.column(COLUMN.process);
    this.#context.process(message.inode);
  }

  #half(value: number): void {
    if (value === VMADDR_ANY) this.#context.cells.byte(0x2a);
    else this.#context.cells.decimal(value);
  }
}

/** Vsock sockets in ss mode. */
export const ss: SsFamily = {
  request: ({ selection }) => dumpRequest(selection.states),
  table: null,
  printer: (context) => new VsockPrinter(context),
};
