/**
 * What `-i`, `-m` and `--inet-sockopt` add to an internet row of ss mode.
 *
 * @module
 */
import { AsciiText, label } from "../../../../text/ascii_text.ts";
import type { SsCells, SsContext, SsOptions } from "../row.ts";
import { putSkmem } from "../skmem.ts";
import { SOCKOPT_NAMES } from "../../../../families/inet/attributes.ts";
import type { InetMessage } from "../../../../families/inet/message.ts";
import { writeMptcpInfo } from "./mptcp.ts";
import { writeSctpInfo } from "./sctp.ts";
import { TcpInfoWriter } from "./tcp_info.ts";
import { writeMd5Keys, writeUlp } from "./ulp.ts";
import * as uapi from "../../../../families/inet/uapi.ts";

const NEXT_LINE = label("\n\t");

/** Writes memory, and what the protocol tells of itself. */
export class InetDetails {
  readonly #cells: SsCells;
  readonly #options: SsOptions;
  readonly #text = new AsciiText();
  readonly #info: TcpInfoWriter;

  constructor({ cells, options }: Pick<SsContext, "cells" | "options">) {
    this.#cells = cells;
    this.#options = options;
    this.#info = new TcpInfoWriter(this.#text, options.options, options.numeric);
  }

  /** `protocol` is that of the row. */
  write(message: InetMessage, protocol: number): void {
    const cells = this.#cells;
    const text = this.#text;
    text.clear();
    if (!this.#options.oneline) text.put(NEXT_LINE);
    putMemory(text, message);
    const tcp = protocol !== uapi.IPPROTO_SCTP && protocol !== uapi.IPPROTO_MPTCP;
    if (tcp) this.#info.write(message);
    cells.text(text);
    if (tcp) {
      writeMd5Keys(cells, message);
      writeUlp(cells, message);
    } else if (protocol === uapi.IPPROTO_SCTP) writeSctpInfo(cells, message);
    else writeMptcpInfo(cells, message);
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

function putMemory(text: AsciiText, message: InetMessage): void {
  const { view } = message;
  const skmem = message.attributeOffset(uapi.INET_DIAG_SKMEMINFO);
  if (skmem >= 0) {
    putSkmem(text, view, skmem, message.attributeLength(uapi.INET_DIAG_SKMEMINFO));
    return;
  }
  const at = message.attributeOffset(uapi.INET_DIAG_MEMINFO);
  if (at < 0 || message.attributeLength(uapi.INET_DIAG_MEMINFO) < 16) return;
  const word = (i: number) => view.getUint32(at + 4 * i, true);
  text.ascii(` mem:(r${word(0)},w${word(1)},f${word(2)},t${word(3)})`);
}
