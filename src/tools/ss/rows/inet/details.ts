/**
 * What `-i`, `-m` and `--inet-sockopt` add to an internet row of ss mode.
 *
 * @module
 */
import { label } from "../../../../text/label.ts";
import type { CoreRows, SsTable } from "../../layout/table.ts";
import type { SsContext } from "../../context.ts";
import type { SsOptions } from "../../options.ts";
import type { HostNames } from "../../names/hosts.ts";
import { writeSkmem } from "../skmem.ts";
import { SOCKOPT_NAMES } from "../../../../families/inet/attributes.ts";
import type { InetMessage } from "../../../../families/inet/message.ts";
import { writeMptcpInfo } from "./mptcp.ts";
import { writeSctpInfo } from "./sctp.ts";
import { writeMd5Keys, writeUlp } from "./ulp.ts";
import * as uapi from "../../../../families/inet/uapi.ts";

const NEXT_LINE = label("\n\t");

/** Writes memory, and what the protocol tells of itself. */
export class InetDetails {
  readonly #cells: SsTable;
  readonly #options: SsOptions;
  readonly #coreRows: CoreRows;
  readonly #hosts: Pick<HostNames, "name"> | null;

  constructor(
    { cells, options, hosts }: Pick<SsContext, "cells" | "options" | "hosts">,
    coreRows: CoreRows,
  ) {
    this.#cells = cells;
    this.#options = options;
    this.#hosts = hosts ?? null;
    this.#coreRows = coreRows;
  }

  /** `protocol` is that of the row. */
  write(message: InetMessage, protocol: number): void {
    const cells = this.#cells;
    const { view, start, end } = message;
    if (protocol !== uapi.IPPROTO_SCTP && protocol !== uapi.IPPROTO_MPTCP) {
      cells.details(this.#coreRows, view, start, end);
      // Throws where the core has found that the attributes do not add up.
      writeMd5Keys(cells, message, this.#hosts);
      writeUlp(cells, message);
      return;
    }
    if (!this.#options.oneline) cells.label(NEXT_LINE);
    writeMemory(cells, message);
    if (protocol === uapi.IPPROTO_SCTP) writeSctpInfo(cells, message);
    else writeMptcpInfo(cells, message);
  }
}

/** Two names differ from the kernel's. */
const SOCKOPT_TEXT = SOCKOPT_NAMES.map((name) =>
  name === "bind_address_no_port" ? " bind_addr_no_port" : ` ${name}`
);

/** Writes the options that a socket has set. */
export function writeSockopt(cells: SsTable, message: InetMessage, oneline: boolean): void {
  const at = message.attributeOffset(uapi.INET_DIAG_SOCKOPT);
  const length = message.attributeLength(uapi.INET_DIAG_SOCKOPT);
  if (at < 0) return;
  cells.text(oneline ? " inet-sockopt: (" : "\n\tinet-sockopt: (");
  for (const [i, text] of SOCKOPT_TEXT.entries()) {
    const byte = i >>> 3;
    if (byte < length && (message.view.getUint8(at + byte) >>> (i & 7) & 1) !== 0) {
      cells.text(text);
    }
  }
  cells.byte(0x29);
}

function writeMemory(cells: SsTable, message: InetMessage): void {
  if (message.has(uapi.INET_DIAG_SKMEMINFO)) {
    writeSkmem(cells, message, uapi.INET_DIAG_SKMEMINFO);
    return;
  }
  const at = message.attributeOffset(uapi.INET_DIAG_MEMINFO);
  if (at < 0 || message.attributeLength(uapi.INET_DIAG_MEMINFO) < 16) return;
  const word = (i: number) => message.view.getUint32(at + 4 * i, true);
  cells.text(` mem:(r${word(0)},w${word(1)},f${word(2)},t${word(3)})`);
}
