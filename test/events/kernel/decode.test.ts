import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeRecord } from "../../../src/events/kernel/decode.ts";
import { AT, FLAG, KIND, sizeOfKind } from "../../../src/events/kernel/record.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../../../src/model/address_family.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import { latin1Text } from "../../../src/text/encoding.ts";
import { runs } from "../../support/runs.ts";

function recordOf(kind: number): { view: DataView<ArrayBuffer>; bytes: Uint8Array<ArrayBuffer> } {
  const bytes = new Uint8Array(sizeOfKind(kind));
  const view = new DataView(bytes.buffer);
  view.setUint8(AT.kind, kind);
  return { view, bytes };
}

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

describe("decodeRecord()", () => {
  test("reads a datagram field by field", () => {
    const { view, bytes } = recordOf(KIND.send);
    view.setUint8(AT.flags, FLAG.hasPeer | FLAG.hasProcess);
    view.setUint16(AT.family, AF_INET, true);
    view.setUint16(AT.type, 2, true);
    view.setUint16(AT.protocol, 17, true);
    view.setBigUint64(AT.time, 12_345_678_901n, true);
    view.setBigUint64(AT.cookie, 0x1_0000_0002n, true);
    view.setUint32(AT.netns, 4026531840, true);
    view.setUint32(AT.tgid, 80, true);
    view.setUint32(AT.tid, 81, true);
    view.setUint32(AT.parent, 1, true);
    view.setUint32(AT.uid, 33, true);
    view.setBigUint64(AT.start, 5n, true);
    bytes.set(ascii("dig"), AT.comm);
    bytes.set([10, 0, 0, 1], AT.local);
    bytes.set([10, 0, 0, 53], AT.peer);
    view.setUint16(AT.localPort, 50_000, true);
    view.setUint16(AT.peerPort, 53, true);
    view.setBigUint64(AT.sent, 40n, true);
    const record = decodeRecord(view, 0, bytes.length);
    expect(record).toMatchObject({
      kind: KIND.send,
      type: 2,
      protocol: 17,
      timeNs: 12_345_678_901,
      cookie: 0x1_0000_0002,
      netns: 4026531840,
      local: { text: "10.0.0.1", port: 50_000 },
      peer: { text: "10.0.0.53", port: 53 },
      error: null,
      bytesSent: 40,
      bytesReceived: null,
    });
    expect(record.process).toMatchObject({ pid: 80, tid: 81, ppid: 1, uid: 33, startNs: 5 });
    expect(latin1Text(record.process!.comm)).toBe("dig");
  });

  test("does not know a destination that the program did not", () => {
    const { view, bytes } = recordOf(KIND.send);
    view.setUint16(AT.family, AF_INET, true);
    expect(decodeRecord(view, 0, bytes.length)).toMatchObject({ peer: null, process: null });
  });

  test("takes the peer's FIN from the bytes received", () => {
    const { view, bytes } = recordOf(KIND.closed);
    view.setUint16(AT.family, AF_INET6, true);
    view.setUint16(AT.peerPort, 443, true);
    view.setBigUint64(AT.received, 1001n, true);
    view.setUint8(AT.flags, FLAG.hasCounters);
    expect(decodeRecord(view, 0, bytes.length)).toMatchObject({
      bytesReceived: 1001,
      peer: { text: "::", port: 443 },
    });
    view.setUint8(AT.flags, FLAG.hasCounters | FLAG.finReceived);
    expect(decodeRecord(view, 0, bytes.length).bytesReceived).toBe(1000);
  });

  test("has names of unix sockets as the kernel has them", () => {
    const { view, bytes } = recordOf(KIND.unixConnect);
    view.setUint16(AT.family, AF_UNIX, true);
    bytes.set(ascii("/run/x.sock\0rest"), AT.peerName);
    view.setUint16(AT.peerLength, 12, true);
    bytes.set(ascii("\0a\0b"), AT.localName);
    view.setUint16(AT.localLength, 4, true);
    const { local, peer } = decodeRecord(view, 0, bytes.length);
    expect(latin1Text(peer!.name!)).toBe("/run/x.sock");
    expect(latin1Text(local!.name!)).toBe("\0a\0b");
  });

  test("has path and arguments of a program, and nothing behind them", () => {
    const { view, bytes } = recordOf(KIND.exec);
    view.setUint8(AT.flags, FLAG.hasProcess);
    bytes.set(ascii("/usr/bin/dig\0garbage"), AT.path);
    view.setUint32(AT.pathLength, 13, true);
    bytes.set(ascii("dig\0example.org\0SECRET=1"), AT.arguments);
    view.setUint32(AT.argumentBytes, 16, true);
    const { process } = decodeRecord(view, 0, bytes.length);
    expect(latin1Text(process!.path!)).toBe("/usr/bin/dig");
    expect(latin1Text(process!.arguments!)).toBe("dig\0example.org\0");
  });

  test("gives a value or a DecodeError for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 900 }), fc.nat(40), (bytes, start) => {
        const kind = bytes[start] ?? 0;
        for (const length of [bytes.length - start, sizeOfKind(kind)]) {
          try {
            decodeRecord(new DataView(bytes.buffer), start, Math.max(0, length));
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        }
      }),
      runs(500),
    );
  });
});
