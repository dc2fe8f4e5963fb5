/**
 * DNAT rules: those of a real kernel, and bytes that are none.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { close } from "../../ffi/files.ts";
import { inNetworkNamespace, tryOpenNamespace } from "../../ffi/namespace.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { MessageBuilder } from "../../src/netlink/message.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { decodeRule, readDnatRules } from "../../src/reach/dnat.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { addDnatRule, dnatRuleMessage } from "../support/nftables.ts";
import { reportSkip, testIf } from "../support/skip.ts";

const HEADER = 16;

function decode(builder: MessageBuilder) {
  const bytes = builder.finish();
  return decodeRule(new DataView(bytes.buffer), HEADER, bytes.length);
}

testIf(namespaceReason(), "a rule that the kernel holds is read back", async () => {
  await using netns = await Namespace.create();
  const refusal = addDnatRule(netns, 8080, [10, 1, 0, 2], 80);
  if (refusal !== null) return reportSkip("a DNAT rule of the kernel", refusal);
  const fd = tryOpenNamespace(`/proc/${netns.pid}/ns/net`);
  try {
    const found = inNetworkNamespace(fd, () => readDnatRules(new ProcRoot()));
    expect(found).toEqual({
      complete: true,
      rules: [{
        table: "nat",
        chain: "prerouting",
        protocol: "tcp",
        address: null,
        port: 8080,
        toAddress: "10.1.0.2",
        toPort: 80,
      }],
    });
  } finally {
    close(fd);
  }
});

describe("rules", () => {
  const text = (value: string) => new TextEncoder().encode(`${value}\0`);
  const words = (...values: number[]) => {
    const bytes = new Uint8Array(4 * values.length);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of values.entries()) view.setUint32(4 * i, value, false);
    return bytes;
  };
  const rule = (...expressions: [string, (data: MessageBuilder) => void][]) =>
    new MessageBuilder(0xa06, 0).zeros(4).attribute(1, text("nat")).nest(4, (list) => {
      for (const [name, fill] of expressions) {
        list.nest(1, (element) => {
          element.attribute(1, text(name)).nest(2, fill);
        });
      }
    });

  test("as iptables-nft writes them are understood, in both revisions", () => {
    const match = new Uint8Array(16);
    new DataView(match.buffer).setUint16(4, 8080, true);
    new DataView(match.buffer).setUint16(6, 8080, true);
    const tcp: [string, (data: MessageBuilder) => void] = [
      "match",
      (data) => data.attribute(1, text("tcp")).attribute(3, match),
    ];
    const old = new Uint8Array(20);
    const oldView = new DataView(old.buffer);
    oldView.setUint32(0, 1, true);
    oldView.setUint32(4, 3, true);
    oldView.setUint32(8, 0xac110002, false);
    oldView.setUint16(16, 80, false);
    const recent = new Uint8Array(42);
    const recentView = new DataView(recent.buffer);
    recentView.setUint32(0, 1, true);
    recentView.setUint32(4, 0xac110002, false);
    const target = (revision: number, info: Uint8Array) =>
      decode(rule(tcp, [
        "target",
        (data) => data.attribute(1, text("DNAT")).attribute(2, words(revision)).attribute(3, info),
      ]));
    const common = { table: "nat", chain: "", protocol: "tcp", address: null, port: 8080 };
    expect(target(0, old)).toEqual({ ...common, toAddress: "172.17.0.2", toPort: 80 } as never);
    expect(target(2, recent)).toEqual(
      { ...common, toAddress: "172.17.0.2", toPort: null } as never,
    );
    expect(target(2, recent.subarray(0, 8))).toBe("opaque");
  });

  test("whose address comes out of a map are opaque, and others are nothing", () => {
    expect(decode(rule(["nat", (data) => data.attribute(1, words(1)).attribute(3, words(1))])))
      .toBe("opaque");
    expect(decode(rule(["nat", (data) => data.attribute(1, words(0)).attribute(3, words(1))])))
      .toBeNull();
    expect(decode(rule(["counter", () => {}]))).toBeNull();
  });

  test("cut anywhere are a value or a DecodeError", () => {
    const whole = dnatRuleMessage(8080, [10, 1, 0, 2], 80).finish();
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), (end, at, byte) => {
        const bytes = whole.slice(0, end);
        if (at < bytes.length) bytes[at] = byte;
        try {
          decodeRule(new DataView(bytes.buffer), Math.min(HEADER, end), end);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});
