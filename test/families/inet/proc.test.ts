import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InetMessage } from "../../../src/families/inet/message.ts";
import { inet } from "../../../src/families/inet/mod.ts";
import { inetProcTable } from "../../../src/families/inet/proc.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import type { Query } from "../../../src/query.ts";

const UDP: Query = {
  families: new Set(["inet"]),
  transports: new Set(["udp"]),
  states: null,
  ports: null,
  pids: null,
  processes: null,
  users: null,
  receiveBuffers: true,
};

const HEADER =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

function read(file: string, family: number, lines: string) {
  const rows: Record<string, unknown>[] = [];
  const message = new InetMessage();
  inetProcTable(file, family).parse(
    new TextEncoder().encode(HEADER + lines),
    (view, start, end) => {
      message.at(view, start, end);
      const {
        source,
        sourcePort,
        destination,
        destinationPort,
        state,
        timer,
        expiresMs,
        retransmits,
        uid,
        inode,
      } = message;
      const { receiveQueue, sendQueue, cookie } = message;
      rows.push({
        source,
        sourcePort,
        destination,
        destinationPort,
        state,
        timer,
        expiresMs,
        retransmits,
        uid,
        inode,
        receiveQueue,
        sendQueue,
        cookie,
      });
    },
  );
  return rows;
}

describe("inetProcTable()", () => {
  test("reads an IPv4 connection with a running timer", () => {
    expect(read(
      "tcp",
      2,
      "   1: 0100007F:1F90 0200A8C0:C350 01 00000010:00000020 01:00000014 00000002  1000        0 4242 2 0000000000000000 20 4 30 10 -1\n",
    )).toEqual([{
      source: "127.0.0.1",
      sourcePort: 8080,
      destination: "192.168.0.2",
      destinationPort: 50000,
      state: 1,
      timer: 1,
      expiresMs: 200,
      retransmits: 2,
      uid: 1000,
      inode: 4242,
      receiveQueue: 32,
      sendQueue: 16,
      cookie: null,
    }]);
  });

  test("reads IPv6 addresses word by word, and a TIME-WAIT line, which is shorter", () => {
    expect(read(
      "tcp6",
      10,
      "   0: B80D0120000000000000000001000000:0050 0000000000000000FFFF00000100007F:0001 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0000000000000000\n",
    )).toMatchObject([{
      source: "2001:db8::1",
      sourcePort: 80,
      destination: "::ffff:127.0.0.1",
      timer: 3,
      expiresMs: 60000,
    }]);
  });

  test("reads a file of nothing but its header", () => {
    expect(read("udp", 2, "")).toEqual([]);
  });

  test("tells the drops of a UDP socket, which follow the inode, and none of a line that ends before", () => {
    const drops = (line: string) => {
      const found: (number | null)[] = [];
      const [request] = inet.requests(UDP);
      const rows = request!.sockets!({ netns: null, source: "proc", interfaceName: () => null });
      inetProcTable("udp", 2).parse(
        new TextEncoder().encode(`header\n${line}\n`),
        (view, start, end) => rows.add(view, start, end),
      );
      for (let i = 0; i < rows.length; i++) found.push(rows.keep(i).receiveBuffer?.drops ?? null);
      return found;
    };
    const line =
      " 285: 0100007F:14E9 00000000:0000 07 00000000:00000500 00:00000000 00000000 0 0 77 2 ffff888";
    expect(drops(`${line} 42`)).toEqual([42]);
    expect(drops(line)).toEqual([null]);
    expect(drops(`${line} x`)).toEqual([null]);
  });

  test.each([
    [
      "a port that is not a number",
      "0: 0100007F:XXXX 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
    ],
    [
      "an IPv6 address in an IPv4 table",
      `0: ${"0".repeat(32)}:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1`,
    ],
    ["a line that is cut", "0: 0100007F:0050 00000000:0000 0A"],
  ])("throws DecodeError for %s", (_, line) => {
    expect(() => read("tcp", 2, `${line}\n`)).toThrow(DecodeError);
  });

  test("throws DecodeError for an empty file, which no kernel makes", () => {
    expect(() => inetProcTable("tcp", 2).parse(new Uint8Array(), () => {})).toThrow(DecodeError);
  });

  test("gives rows or DecodeError for any text", () => {
    fc.assert(fc.property(fc.string(), fc.constantFrom(2, 10), (text, family) => {
      try {
        read("tcp", family, text);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }));
  });
});
