import { expect, test } from "bun:test";
import { parseProtocols } from "../../src/proc/protocols.ts";

const TABLE = `protocol  size sockets  memory press maxhdr  slab module     cl co
AF_VSOCK  1240      0      -1   NI       0   yes  kernel      y  n
XDP       1088      3      -1   NI       0   no   kernel      n  n
UNIX-STREAM 1152      2      -1   NI       0   yes  kernel      n  n
MPTCPv6   2064     12     172   no       0   yes  kernel      y  n
`;

test("the sockets of each protocol are counted, and who does not count is known", () => {
  const protocols = parseProtocols(new TextEncoder().encode(TABLE));
  expect(protocols.get("XDP")).toEqual({ sockets: 3, counted: true });
  expect(protocols.get("MPTCPv6")).toEqual({ sockets: 12, counted: true });
  expect(protocols.get("AF_VSOCK")).toEqual({ sockets: 0, counted: false });
  expect(protocols.get("SCTP")).toBeUndefined();
});

test("lines that are not of a protocol are passed over", () => {
  const text = "header\n\nshort\nTCP x y\nUDP 1 -1\nRAW 1 4 rest\n";
  expect([...parseProtocols(new TextEncoder().encode(text))])
    .toEqual([["RAW", { sockets: 4, counted: true }]]);
  expect(parseProtocols(new Uint8Array()).size).toBe(0);
});
