import { expect, test } from "bun:test";
import fc from "fast-check";
import { netlinkMessage, netlinkProcTable, netlinkSocket } from "../../../src/families/netlink.ts";
import { ss } from "../../../src/tools/ss/rows/netlink.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import { contextOf, ssContext } from "../../support/decoder.ts";

const HEADER =
  "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n";
const ROWS =
  "00000000503ec5f6 0   77         00000011 12       34       1     2        5        15707267\n" +
  "00000000215f25ab 15  4294967295 00000000 0        0        0     2        0        15707212\n";

function parse(lines: string, emit: (view: DataView, start: number, end: number) => void) {
  netlinkProcTable.parse(new TextEncoder().encode(HEADER + lines), emit);
}

test("reads sockets of processes and of the kernel", () => {
  const rows: unknown[] = [];
  const message = netlinkMessage();
  parse(ROWS, (view, start, end) => {
    const { state, local, recvQueue, sendQueue, inode, cookie } = netlinkSocket(
      message.at(view, start, end),
      contextOf("proc"),
    );
    rows.push([state, local, recvQueue, sendQueue, inode, cookie]);
  });
  expect(rows).toEqual([
    ["close", { protocol: 0, portId: 77, groups: [1, 5] }, 12, 34, 15707267, null],
    ["close", { protocol: 15, portId: 4294967295, groups: [] }, 0, 0, 15707212, null],
  ]);
});

test("ss shows the pointer and the callback that only /proc tells", () => {
  const context = ssContext({ extended: true });
  const printer = ss.printer(context);
  let first = true;
  parse(ROWS, (view, start, end) => {
    if (first) printer.row(view, start, end, "proc");
    first = false;
  });
  expect(context.cells.toString()).toBe(
    "nl|UNCONN|12    |34    |rtnl:|holder/77|*|| sk=503ec5f6 cb=1 groups=0x00000011|",
  );
});

test("refuses what is not a table", () => {
  expect(() => netlinkProcTable.parse(new Uint8Array(), () => {})).toThrow(DecodeError);
  for (
    const line of ["x 0 0 0 0 0 0 0 0 0", "0 999 0 0 0 0 0 0 0 0", "0 0 -1 0 0 0 0 0 0 0", "1"]
  ) {
    expect(() => parse(`${line}\n`, () => {})).toThrow(DecodeError);
  }
});

test("any text is rows or a DecodeError", () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => {
    try {
      parse(text, (view, start, end) => netlinkMessage().at(view, start, end));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }));
});
