/**
 * Sockets that are kept as numbers are printed as rows of the table are.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { AF_INET, AF_INET6 } from "../../../../ffi/socket.ts";
import { parseLsof } from "../../../../src/tools/lsof/arguments/parse.ts";
import { InternetStore } from "../../../../src/tools/lsof/gather/internet_store.ts";
import type { LsofQuery } from "../../../../src/tools/lsof/query.ts";
import { InternetSockets } from "../../../../src/tools/lsof/gather/internet_sockets.ts";
import * as uapi from "../../../../src/families/inet/uapi.ts";
import { Cells } from "../../../../src/tools/lsof/layout/cells.ts";
import type { Files, ProcessRow } from "../../../../src/tools/lsof/rows/row.ts";
import { SocketFiles } from "../../../../src/tools/lsof/layout/socket_files.ts";
import { writeTable } from "../../../../src/tools/lsof/layout/table.ts";
import type { Writer } from "../../../../src/text/writer.ts";

function query(...args: string[]): LsofQuery {
  const lookups = { service: () => null, addresses: () => [], user: () => null };
  return parseLsof(args, lookups) as LsofQuery;
}

/** Often nothing, or what is the same for many. */
const address = fc.oneof(
  fc.constant([0, 0, 0, 0]),
  fc.constant([0x0100007f, 0, 0, 0]),
  fc.constant([0, 0, 0xffff0000, 0x0100007f]),
  fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 4, maxLength: 4 }),
);
const port = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const socket = fc.record({
  version: fc.constantFrom(AF_INET, AF_INET, AF_INET6),
  protocol: fc.constantFrom(uapi.IPPROTO_TCP, uapi.IPPROTO_UDP, uapi.IPPROTO_UDPLITE),
  state: fc.integer({ min: 0, max: 14 }),
  local: address,
  peer: address,
  localPort: port,
  peerPort: port,
  inode: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 0xffff_ffff })),
  descriptor: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1_100_000 })),
});

function message(made: typeof socket extends fc.Arbitrary<infer Made> ? Made : never): DataView {
  const view = new DataView(new ArrayBuffer(uapi.INET_DIAG_MSG_SIZE));
  view.setUint8(uapi.MSG_FAMILY, made.version);
  view.setUint8(uapi.MSG_STATE, made.state);
  view.setUint16(uapi.MSG_SPORT, made.localPort, false);
  view.setUint16(uapi.MSG_DPORT, made.peerPort, false);
  for (let i = 0; i < (made.version === AF_INET ? 1 : 4); i++) {
    view.setUint32(uapi.MSG_SRC + 4 * i, made.local[i]!, true);
    view.setUint32(uapi.MSG_DST + 4 * i, made.peer[i]!, true);
  }
  view.setUint32(uapi.MSG_INODE, made.inode, true);
  return view;
}

function printed(files: readonly Files[], asked: LsofQuery): string {
  const processes = files.map((files, i): ProcessRow => ({
    pid: 7 + i,
    tid: 0,
    ppid: 1,
    pgid: 7,
    uid: 0,
    command: "nginx",
    taskCommand: null,
    files,
  }));
  const names = { user: () => "root", host: () => null, service: () => null };
  let text = "";
  const writer = {
    write: (some: string) => text += some,
    writeBytes: (some: Uint8Array) => text += new TextDecoder().decode(some),
  };
  writeTable(
    processes,
    asked.format,
    new Cells(asked.format, names, true),
    writer as unknown as Writer,
  );
  return text;
}

const PLAIN = [[], ["-s"], ["-o"], ["-Ts"], ["-T"], ["-R"], ["+c0"]];

test("a row from numbers is what the table makes of the same row as an object", () => {
  const owners = fc.array(fc.array(socket, { maxLength: 20 }), { maxLength: 3 });
  fc.assert(fc.property(owners, fc.constantFrom(...PLAIN), (owners, options) => {
    const asked = query("-nP", "-i", ...options);
    const sockets = new InternetSockets();
    const store = InternetStore.for(asked, sockets)!;
    expect(store).not.toBeNull();
    const kept = owners.map((theirs) => {
      const files = new SocketFiles(store);
      for (const made of theirs) {
        sockets.add(message(made), 0, uapi.INET_DIAG_MSG_SIZE, made.protocol);
        files.add(made.descriptor, sockets.number(made.inode));
      }
      return files;
    });
    const text = printed(kept, asked);
    expect(text).toBe(printed(kept.map((files) => [...files]), asked));
    const count = owners.reduce((sum, { length }) => sum + length, 0);
    expect(text.split("\n").length).toBe(count === 0 ? 1 : count + 2);
  }));
});

for (const options of ["-i", "-ni", "-Pi", "-nPi -F", "-nPi +fg", "-nPi -Tq", "-nPi +L"]) {
  test(`what is not in the words of a socket is asked of an object: ${options}`, () => {
    expect(InternetStore.for(query(...options.split(" ")), new InternetSockets())).toBeNull();
  });
}
