/**
 * MPTCP in ss mode: what a connection tells of itself, and the part of a TCP row that is one of its subflows.
 *
 * @module
 */
import type { AttributeCursor } from "../../../../netlink/attribute.ts";
import type { SsTable } from "../../layout/table.ts";
import type { InetMessage } from "../../../../families/inet/message.ts";
import { MPTCP_INFO_FIELDS } from "../../../../families/inet/mptcp_info.ts";
import { INET_DIAG_INFO } from "../../../../families/inet/uapi.ts";

/** Fields by ss's names, in the order of output, which is the kernel's. 0 is not shown. */
const FIELDS = MPTCP_INFO_FIELDS.map(([name, offset, width]) =>
  [name.replace(/_ms$/, ""), offset, width] as const
);
// MPTCP_INFO_FLAG_*
const FLAG_FALLBACK = 1;
const FLAG_REMOTE_KEY = 2;

/** Writes mptcp_info, as far as the kernel's is long. */
export function writeMptcpInfo(cells: SsTable, message: InetMessage): void {
  const start = message.attributeOffset(INET_DIAG_INFO);
  const length = message.attributeLength(INET_DIAG_INFO);
  if (start < 0) return;
  const { view } = message;
  for (const [name, offset, width] of FIELDS) {
    if (offset + width > length) continue;
    const at = start + offset;
    const value = width === 1
      ? view.getUint8(at)
      : width === 4
      ? view.getUint32(at, true)
      : view.getBigUint64(at, true);
    if (name === "flags") {
      if ((Number(value) & FLAG_FALLBACK) !== 0) cells.text(" fallback");
      if ((Number(value) & FLAG_REMOTE_KEY) !== 0) cells.text(" remote_key");
    } else if (value !== 0 && value !== 0n) {
      cells.text(` ${name}:`);
      if (name === "token") cells.hex(value);
      else cells.decimal(value);
    }
  }
}

/** Letters of MPTCP_SUBFLOW_FLAG_*, from bit 0. */
const SUBFLOW_LETTERS = "MmJjBbecv";
// MPTCP_SUBFLOW_ATTR_*
const TOKEN_REM = 1;
const TOKEN_LOC = 2;
const MAP_SEQ = 4;
const MAP_SFSEQ = 5;
const SSN_OFFSET = 6;
const MAP_DATALEN = 7;
const FLAGS = 8;
const ID_REM = 9;
const ID_LOC = 10;

/** Writes INET_ULP_INFO_MPTCP: `nest` is a cursor over its attributes. */
export function writeSubflow(cells: SsTable, nest: AttributeCursor): void {
  const values = new Map<number, number | bigint>();
  while (nest.next()) {
    if (nest.length >= 8) values.set(nest.type, nest.u64());
    else if (nest.length >= 4) values.set(nest.type, nest.u32());
    else if (nest.length >= 2) values.set(nest.type, nest.u16());
    else if (nest.length === 1) values.set(nest.type, nest.u8());
  }
  const flags = Number(values.get(FLAGS) ?? 0);
  if (flags !== 0) {
    cells.text(" flags:");
    for (const [bit, letter] of [...SUBFLOW_LETTERS].entries()) {
      if ((flags & 1 << bit) !== 0) cells.text(letter);
    }
  }
  const hex = (type: number) => values.get(type)!.toString(16).padStart(4, "0");
  if ([TOKEN_REM, TOKEN_LOC, ID_REM, ID_LOC].every((type) => values.has(type))) {
    cells.text(
      ` token:${hex(TOKEN_REM)}(id:${values.get(ID_REM)})/${hex(TOKEN_LOC)}(id:${
        values.get(ID_LOC)
      })`,
    );
  }
  const named = (label: string, type: number) => {
    const value = values.get(type);
    if (value === undefined) return;
    cells.text(label);
    cells.decimal(value);
  };
  named(" seq:", MAP_SEQ);
  named(" sfseq:", MAP_SFSEQ);
  named(" ssnoff:", SSN_OFFSET);
  named(" maplen:", MAP_DATALEN);
}
