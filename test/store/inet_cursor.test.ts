import { expect, test } from "bun:test";
import fc from "fast-check";
import { InetMessage } from "../../src/families/inet/message.ts";
import { INET_DIAG_MSG_SIZE } from "../../src/families/inet/uapi.ts";
import { InetCursor } from "../../src/store/inet_cursor.ts";
import { InetRecords } from "../../src/store/inet_records.ts";
import type { InetRow } from "../../src/store/inet_row.ts";
import { attribute, u32, viewOf, zeros } from "../support/bytes.ts";

/** Any bytes, but for the family. */
const messages = fc.tuple(
  fc.constantFrom(2, 10),
  fc.uint8Array({ minLength: INET_DIAG_MSG_SIZE, maxLength: INET_DIAG_MSG_SIZE }),
).map(([family, bytes]) => (bytes[0] = family, bytes));

/** Every field of a row. */
function fields(row: InetRow) {
  const { family, state, timer, retransmits, expiresMs, sourcePort, destinationPort } = row;
  const { interfaceIndex, cookieLow, cookieHigh, receiveQueue, sendQueue, uid, inode } = row;
  const { source, destination } = row;
  const words = family === 2 ? [0] : [0, 1, 2, 3];
  return {
    ...{ family, state, timer, retransmits, expiresMs, sourcePort, destinationPort },
    ...{ interfaceIndex, cookieLow, cookieHigh, receiveQueue, sendQueue, uid, inode },
    ...{ source, destination },
    sourceWords: words.map((i) => row.sourceWord(i)),
    destinationWords: words.map((i) => row.destinationWord(i)),
  };
}

test("a record reads like the message that it was written from", () => {
  fc.assert(fc.property(fc.array(messages, { minLength: 1, maxLength: 90 }), (made) => {
    const records = new InetRecords();
    const cursor = new InetCursor(records);
    const message = new InetMessage();
    const at = (bytes: Uint8Array) =>
      message.at(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length);
    const first = new InetCursor(records);
    for (const [i, bytes] of made.entries()) {
      expect(records.add(at(bytes), at(bytes).state, 6 + i, i & 7)).toBe(i);
      if (i === 0) first.to(0);
    }
    for (const [i, bytes] of made.entries()) {
      const row = cursor.to(i);
      expect(fields(row)).toEqual(fields(at(bytes)));
      expect([row.protocol, row.flags]).toEqual([6 + i, i & 7]);
      expect(row.isConnected).toBe(!message.unconnected);
    }
    // A cursor that stays where it is keeps its record when the memory of the others moves.
    expect(fields(first)).toEqual(fields(at(made[0]!)));
  }));
});

test("numbers go on over the end of a piece of memory, and begin anew after clear()", () => {
  const records = new InetRecords();
  const cursor = new InetCursor(records);
  const message = new InetMessage();
  const bytes = viewOf([2, 1, 0, 0, ...zeros(INET_DIAG_MSG_SIZE - 4), ...attribute(1, u32(1))]);
  const view = message.at(bytes, 0, bytes.byteLength);
  const count = 10_000;
  for (let i = 0; i < count; i++) {
    bytes.setUint32(INET_DIAG_MSG_SIZE - 4, i, true);
    records.add(view, 1, 6, 0);
  }
  const inodes = Array.from({ length: count }, (_, i) => cursor.to(i).inode);
  expect(inodes).toEqual(Array.from({ length: count }, (_, i) => i));
  records.clear();
  expect(records.length).toBe(0);
  expect(records.add(view, 1, 6, 0)).toBe(0);
  expect(cursor.to(0).inode).toBe(count - 1);
});

test("an IPv4 record has no other words than the first, whatever the kernel left in the message", () => {
  const records = new InetRecords();
  const bytes = new Uint8Array(INET_DIAG_MSG_SIZE).fill(0xff);
  bytes[0] = 2;
  records.add(new InetMessage().at(new DataView(bytes.buffer), 0, bytes.length), 1, 6, 0);
  const row = new InetCursor(records).to(0);
  expect([0, 1, 2, 3].map((i) => row.sourceWord(i))).toEqual([0xffff_ffff, 0, 0, 0]);
  expect([0, 1, 2, 3].map((i) => row.destinationWord(i))).toEqual([0xffff_ffff, 0, 0, 0]);
});
