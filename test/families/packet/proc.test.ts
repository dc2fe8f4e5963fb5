import { expect, test } from "bun:test";
import fc from "fast-check";
import { packetMessage, packetProcTable, packetSocket } from "../../../src/families/packet.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import { contextOf } from "../../support/decoder.ts";

const HEADER = "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n";

function read(lines: string) {
  const rows: unknown[] = [];
  const message = packetMessage();
  packetProcTable.parse(new TextEncoder().encode(HEADER + lines), (view, start, end) => {
    const { type, uid, inode, local, recvQueue, sendQueue, cookie } = packetSocket(
      message.at(view, start, end),
      contextOf("proc"),
    );
    rows.push({ type, uid, inode, local, recvQueue, sendQueue, cookie });
  });
  return rows;
}

test("reads raw and cooked sockets, with and without an interface", () => {
  expect(read(
    "0000000062b01add 3      3    0003   0     1 140572 1000   15707265\n" +
      "0000000044b21168 3      2    0800   3     1 0      0      15707266\n",
  )).toEqual([
    {
      type: "raw",
      uid: 1000,
      inode: 15707265,
      local: { ethertype: 3, interface: null },
      recvQueue: 140572,
      // Not told there.
      sendQueue: null,
      cookie: null,
    },
    {
      type: "dgram",
      uid: 0,
      inode: 15707266,
      local: { ethertype: 0x0800, interface: "eth3" },
      recvQueue: 0,
      sendQueue: null,
      cookie: null,
    },
  ]);
});

test("refuses what is not a table", () => {
  expect(() => packetProcTable.parse(new Uint8Array(), () => {})).toThrow(DecodeError);
  for (
    const line of [
      "short",
      "0 3 3 zz 0 1 0 0 5",
      "0 3 300 0003 0 1 0 0 5",
      "0 3 3 0003 0 1 0 0 99999999999",
      "0 3 3 10000 0 1 0 0 5",
    ]
  ) expect(() => read(`${line}\n`)).toThrow(DecodeError);
});

test("any text is rows or a DecodeError", () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => {
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }));
});
