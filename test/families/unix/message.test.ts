import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readAttributes } from "../../../src/families/unix/attributes.ts";
import { unixEndpoint } from "../../../src/families/unix/endpoint.ts";
import { UnixMessage } from "../../../src/families/unix/message.ts";
import { dumpRequest } from "../../../src/families/unix/request.ts";
import { unixSocket } from "../../../src/families/unix/socket.ts";
import { AttributeCursor } from "../../../src/netlink/attribute.ts";
import { ascii, attribute, hex, u32, viewOf, zeros } from "../../support/bytes.ts";
import { contextOf, fuzzDecoder } from "../../support/decoder.ts";

/** A listener on a path, with one client that waits; every attribute that Linux 6.18 has. */
const LISTENER = [
  1, // udiag_family: AF_UNIX
  1, // udiag_type: SOCK_STREAM
  10, // udiag_state: TCP_LISTEN
  0, // pad
  ...u32(4242), // udiag_ino
  ...u32(7), // udiag_cookie[0]
  ...u32(1), // udiag_cookie[1]
  ...attribute(0, [...ascii("/run/a b.sock"), 0]), // UNIX_DIAG_NAME, with its NUL
  ...attribute(1, [...u32(123), ...u32(8 << 20 | 1)]), // UNIX_DIAG_VFS: inode, 8:1
  ...attribute(3, [...u32(5001)]), // UNIX_DIAG_ICONS
  ...attribute(4, [...u32(1), ...u32(128)]), // UNIX_DIAG_RQLEN: waiting, limit
  ...attribute(5, Array.from({ length: 9 }, (_, i) => u32(i)).flat()), // UNIX_DIAG_MEMINFO
  ...attribute(6, [0]), // UNIX_DIAG_SHUTDOWN
  ...attribute(7, u32(1000)), // UNIX_DIAG_UID
];

/** A datagram socket with an abstract name that holds a NUL, connected. */
const CONNECTED = [
  1,
  2, // SOCK_DGRAM
  1, // TCP_ESTABLISHED
  0,
  ...u32(51),
  ...u32(9),
  ...u32(0),
  ...attribute(0, [0, ...ascii("ab"), 0, 0xff]),
  ...attribute(2, u32(50)), // UNIX_DIAG_PEER
  ...attribute(4, [...u32(212), ...u32(64)]),
  ...attribute(6, [2]),
];

const at = (bytes: number[]) => new UnixMessage().at(viewOf(bytes), 0, bytes.length);
const bytes = (text: string) => new Uint8Array(ascii(text));

describe("UnixMessage", () => {
  test("reads every field of a listener", () => {
    const message = at(LISTENER);
    expect([message.type, message.state, message.inode, message.cookie, message.peerInode])
      .toEqual([1, 10, 4242, 0x1_0000_0007, -1]);
    expect(message.path).toEqual(bytes("/run/a b.sock"));
    expect(message.abstractName).toBeNull();
    expect(message.waitingInodes).toEqual([5001]);
  });

  test("tells an abstract name from a path, and keeps every byte of it", () => {
    const message = at(CONNECTED);
    expect(message.path).toBeNull();
    expect(message.abstractName).toEqual(new Uint8Array([0x61, 0x62, 0, 0xff]));
    expect(message.peerInode).toBe(50);
  });

  test("takes a socket without a name for unnamed, and one that is empty too", () => {
    for (const attributes of [[], attribute(0, [])]) {
      const message = at([1, 1, 7, 0, ...u32(1), ...zeros(8), ...attributes]);
      expect([message.path, message.abstractName]).toEqual([null, null]);
    }
  });

  test("any fields are read back", () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(fc.property(
      fc.constantFrom(1, 2, 5),
      fc.constantFrom(1, 7, 10),
      word,
      word,
      fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 107 }),
      (type, state, inode, peer, path) => {
        const message = at([
          1,
          type,
          state,
          0,
          ...u32(inode),
          ...zeros(8),
          ...attribute(0, path),
          ...attribute(2, u32(peer)),
        ]);
        expect([message.type, message.state, message.inode, message.peerInode])
          .toEqual([type, state, inode, peer]);
        expect(message.path).toEqual(new Uint8Array(path));
      },
    ));
  });

  test("any bytes are a socket or a DecodeError, and the decoder works after that", () => {
    const message = new UnixMessage();
    fuzzDecoder(
      (view, start, end) => unixSocket(message.at(view, start, end), contextOf()),
      LISTENER,
    );
  });
});

describe("unixSocket()", () => {
  test("a listener has an accept queue, and who waits in it", () => {
    expect(unixSocket(at(LISTENER), contextOf())).toEqual({
      netns: { inode: 4026531840, name: null },
      family: "unix",
      transport: "stream",
      type: "stream",
      protocol: null,
      state: "listen",
      local: {
        path: bytes("/run/a b.sock"),
        name: null,
        inode: 4242,
        file: { major: 8, minor: 1, inode: 123 },
      },
      peer: null,
      peerInode: null,
      v6only: null,
      uid: 1000,
      inode: 4242,
      cookie: 0x1_0000_0007,
      recvQueue: null,
      sendQueue: null,
      acceptQueue: { length: 1, limit: 128 },
      timer: null,
      waitingInodes: [5001],
      ownership: "unknown",
      owners: [],
      peerOwners: [],
      reach: {
        scope: "host",
        reasons: ["a path: reached by processes of this host that may write to the file"],
      },
    });
  });

  test("a connection has queues and knows the inode of its other end", () => {
    const socket = unixSocket(at(CONNECTED), contextOf())!;
    expect(socket.peer).toEqual({ path: null, name: null, inode: 50 });
    expect([socket.peerInode, socket.recvQueue, socket.sendQueue, socket.uid])
      .toEqual([50, 212, 64, null]);
  });

  test("a client that nobody has accepted has a peer without an inode", () => {
    const waiting = [1, 1, 1, 0, ...u32(9), ...zeros(8), ...attribute(2, u32(0))];
    const socket = unixSocket(at(waiting), contextOf())!;
    expect(socket.peer).toEqual({ path: null, name: null, inode: null });
    expect(socket.peerInode).toBeNull();
  });

  test("a type that is not known is no socket", () => {
    expect(unixSocket(at([1, 9, 1, 0, ...zeros(12)]), contextOf())).toBeNull();
  });
});

test("readAttributes() names every attribute of the header file", () => {
  const attributes = readAttributes(new AttributeCursor(viewOf(LISTENER), 16, LISTENER.length));
  expect(Object.keys(attributes)).toEqual([
    "name",
    "vfs",
    "icons",
    "rqlen",
    "meminfo",
    "shutdown",
    "uid",
  ]);
  expect(attributes.vfs).toEqual({ ino: 123, dev_major: 8, dev_minor: 1 });
  expect(attributes.rqlen).toEqual({ rqueue: 1, wqueue: 128 });
  expect(attributes.icons).toEqual([5001]);
});

test("dumpRequest() is a unix_diag_req", () => {
  expect(hex(dumpRequest(0x402, 0x17).subarray(16))).toBe(hex(
    new Uint8Array([
      ...[1, 0, 0, 0], // sdiag_family, sdiag_protocol, pad
      ...u32(0x402), // udiag_states
      ...u32(0), // udiag_ino
      ...u32(0x17), // udiag_show
      ...u32(0xffff_ffff), // udiag_cookie
      ...u32(0xffff_ffff),
    ]),
  ));
});

describe("unixEndpoint", () => {
  const named = (path: string | null, name: string | null, inode: number | null = 1) => ({
    path: path === null ? null : bytes(path),
    name: name === null ? null : bytes(name),
    inode,
    file: null,
  });

  test("writes a path as it is, an abstract name behind @, and an unnamed socket by its inode", () => {
    expect(unixEndpoint.text(named("/a", null))).toEqual(bytes("/a"));
    expect(unixEndpoint.text(named(null, "a\0b"))).toEqual(bytes("@a@b"));
    expect(unixEndpoint.text(named(null, null, 77))).toBe("[77]");
    expect(unixEndpoint.text(named(null, null, null))).toBe("");
  });

  test("sorts paths, then abstract names, then unnamed sockets by inode", () => {
    const list = [
      named(null, null, 9),
      named(null, "a"),
      named("/b", null),
      named(null, null, 3),
      named("/a", null),
    ];
    expect(list.toSorted(unixEndpoint.compare).map(unixEndpoint.text)).toEqual([
      bytes("/a"),
      bytes("/b"),
      bytes("@a"),
      "[3]",
      "[9]",
    ]);
  });
});
