/**
 * What `-i`, `-m` and `--inet-sockopt` add to an internet row of ss mode.
 *
 * @module
 */
import { type SsCells, type SsContext, writeSkmem } from "../ss_row.ts";
import { SOCKOPT_NAMES } from "./attributes.ts";
import type { InetMessage } from "./message.ts";
import { writeMptcpInfo } from "./ss_mptcp.ts";
import { writeSctpInfo } from "./ss_sctp.ts";
import { TcpInfoWriter } from "./ss_tcp_info.ts";
import { writeMd5Keys, writeUlp } from "./ss_ulp.ts";
import * as uapi from "./uapi.ts";

/** Writes memory, and what the protocol tells of itself. */
export class InetDetails {
  readonly #cells: SsCells;
  readonly #info: TcpInfoWriter;

  constructor({ cells, options }: Pick<SsContext, "cells" | "options">) {
    this.#cells = cells;
    this.#info = new TcpInfoWriter(cells, options.options, options.numeric);
  }

  /** `protocol` is that of the row. */
  write(message: InetMessage, protocol: number): void {
    const cells = this.#cells;
    writeMemory(cells, message);
    if (protocol === uapi.IPPROTO_SCTP) writeSctpInfo(cells, message);
    else if (protocol === uapi.IPPROTO_MPTCP) writeMptcpInfo(cells, message);
    else {
      this.#info.write(message);
      writeMd5Keys(cells, message);
      writeUlp(cells, message);
    }
  }
}

/** Two names differ from the kernel's. */
const SOCKOPT_TEXT = SOCKOPT_NAMES.map((name) =>
  name === "bind_address_no_port" ? " bind_addr_no_port" : ` ${name}`
);

/** Writes the options that a socket has set. */
export function writeSockopt(cells: SsCells, message: InetMessage, oneline: boolean): void {
  const at = message.attributeOffset(uapi.INET_DIAG_SOCKOPT);
  const length = message.attributeLength(uapi.INET_DIAG_SOCKOPT);
  if (at < 0) return;
  cells.ascii(oneline ? " inet-sockopt: (" : "\n\tinet-sockopt: (");
  for (const [i, text] of SOCKOPT_TEXT.entries()) {
    const byte = i >>> 3;
    if (byte < length && (message.view.getUint8(at + byte) >>> (i & 7) & 1) !== 0) {
      cells.ascii(text);
    }
  }
  cells.byte(0x29);
}

function writeMemory(cells: SsCells, message: InetMessage): void {
  const { view } = message;
  const skmem = message.attributeOffset(uapi.INET_DIAG_SKMEMINFO);
  if (skmem >= 0) {
    writeSkmem(cells, view, skmem, message.attributeLength(uapi.INET_DIAG_SKMEMINFO));
    return;
  }
  const at = message.attributeOffset(uapi.INET_DIAG_MEMINFO);
  if (at < 0 || message.attributeLength(uapi.INET_DIAG_MEMINFO) < 16) return;
  const word = (i: number) => view.getUint32(at + 4 * i, true);
  cells.ascii(` mem:(r${word(0)},w${word(1)},f${word(2)},t${word(3)})`);
}
