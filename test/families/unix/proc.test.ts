import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { UnixMessage } from "../../../src/families/unix/message.ts";
import { unixProcTable } from "../../../src/families/unix/proc.ts";
import { unixSocket } from "../../../src/families/unix/socket.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import { contextOf } from "../../support/decoder.ts";

const HEADER = "Num       RefCount Protocol Flags    Type St Inode Path\n";
const text = (bytes: Uint8Array | null) => bytes === null ? null : Buffer.from(bytes).toString();

function read(lines: string | Uint8Array) {
  const rows: unknown[] = [];
  const message = new UnixMessage();
  unixProcTable.parse(
    Buffer.concat([Buffer.from(HEADER), Buffer.from(lines)]),
    (view, start, end) => {
      const { type, state, inode, path, abstractName, peerInode } = message.at(view, start, end);
      rows.push([type, state, inode, text(path), text(abstractName), peerInode]);
    },
  );
  return rows;
}

const line = (flags: string, type: string, state: string, rest: string) =>
  `00000000327dfd7c: 00000003 00000000 ${flags} ${type} ${state} ${rest}\n`;

describe("unixProcTable", () => {
  test("reads listeners, connections and unconnected sockets of every type", () => {
    expect(read(
      line("00010000", "0001", "01", "15707252 /run/app/app.sock") +
        line("00000000", "0001", "03", "15707254 /run/app/app.sock") +
        line("00000000", "0002", "01", "15707257 /run/log") +
        line("00010000", "0005", "01", "15707258 @seq@mid") +
        line("00000000", "0001", "02", "    0 /run/app/app.sock") +
        line("00000000", "0001", "03", "15707253"),
    )).toEqual([
      [1, 10, 15707252, "/run/app/app.sock", null, -1],
      [1, 1, 15707254, "/run/app/app.sock", null, -1],
      [2, 7, 15707257, "/run/log", null, -1],
      [5, 10, 15707258, null, "seq@mid", -1],
      [1, 2, 0, "/run/app/app.sock", null, -1],
      [1, 1, 15707253, null, null, -1],
    ]);
  });

  test("keeps blanks, line breaks and bytes that are not text in a path", () => {
    expect(read(
      line("00010000", "0001", "01", "1 /tmp/two  blanks ") +
        line("00010000", "0001", "01", "2 /tmp/a\nb\n\nc: d") +
        line("00010000", "0001", "01", "3 /tmp/@ not abstract") +
        line("00010000", "0001", "01", "4 @"),
    )).toEqual([
      [1, 10, 1, "/tmp/two  blanks ", null, -1],
      [1, 10, 2, "/tmp/a\nb\n\nc: d", null, -1],
      [1, 10, 3, "/tmp/@ not abstract", null, -1],
      [1, 10, 4, null, "", -1],
    ]);
    const latin = Buffer.from(line("00000000", "0002", "01", "5 /tmp/\xe9"), "latin1");
    const message = new UnixMessage();
    unixProcTable.parse(Buffer.concat([Buffer.from(HEADER), latin]), (view, start, end) => {
      expect([...message.at(view, start, end).path!]).toEqual([
        ...Buffer.from("/tmp/\xe9", "latin1"),
      ]);
    });
  });

  test("a connection that waits to be accepted is established, and has no inode", () => {
    const message = new UnixMessage();
    const bytes = Buffer.from(HEADER + line("00000000", "0001", "02", "    0 /run/a"));
    unixProcTable.parse(bytes, (view, start, end) => {
      const socket = unixSocket(message.at(view, start, end), contextOf("proc"))!;
      expect([socket.state, socket.inode]).toEqual(["established", null]);
      // What /proc does not tell is null, never 0 and never empty.
      expect([socket.peer, socket.peerInode, socket.peerOwners]).toEqual([null, null, null]);
      expect([socket.recvQueue, socket.sendQueue, socket.uid, socket.cookie])
        .toEqual([null, null, null, null]);
    });
  });

  test("a table without sockets is empty, one without a header is refused", () => {
    expect(read("")).toEqual([]);
    expect(() => unixProcTable.parse(new Uint8Array(), () => {})).toThrow(DecodeError);
    expect(() => read("no socket\n")).toThrow(DecodeError);
    expect(() => read(line("00000000", "0001", "01", "9999999999"))).toThrow(DecodeError);
  });

  test("any name without a line that looks like a socket is read back", () => {
    const byte = fc.integer({ min: 1, max: 255 });
    fc.assert(fc.property(fc.array(byte, { minLength: 1, maxLength: 107 }), (name) => {
      fc.pre(name[0] !== 0x40);
      const bytes = Buffer.concat([
        Buffer.from(HEADER + line("00010000", "0001", "01", "7 ").slice(0, -1)),
        Buffer.from(name),
        Buffer.from("\n" + line("00000000", "0002", "01", "8")),
      ]);
      const message = new UnixMessage();
      const found: (number[] | null)[] = [];
      unixProcTable.parse(bytes, (view, start, end) => {
        const { path } = message.at(view, start, end);
        found.push(path === null ? null : [...path]);
      });
      expect(found).toEqual([name, null]);
    }));
  });

  test("any text is rows or a DecodeError", () => {
    const message = new UnixMessage();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, header) => {
      const bytes = header ? Buffer.concat([Buffer.from(HEADER), noise]) : noise;
      try {
        unixProcTable.parse(bytes, (view, start, end) => message.at(view, start, end));
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }));
  });
});
