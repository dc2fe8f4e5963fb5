/**
 * Messages of nftables, byte by byte.
 *
 * @module
 */
import { decodeMapElements } from "../../src/reach/nft_map.ts";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DecodeError } from "../../src/model/decode_error.ts";
import { MessageBuilder } from "../../src/netlink/builder.ts";
import { decodeChain, decodeElements, decodeRule, portRanges } from "../../src/reach/nftables.ts";
import { dnatRuleMessage } from "../support/nftables.ts";

const HEADER = 16;

function decode(builder: MessageBuilder) {
  const bytes = builder.finish();
  return decodeRule(new DataView(bytes.buffer), HEADER, bytes.length);
}

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
    const matchView = new DataView(match.buffer);
    matchView.setUint16(2, 65535, true);
    matchView.setUint16(4, 8080, true);
    matchView.setUint16(6, 8080, true);
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
    const first = target(0, old);
    expect(first.conditions)
      .toEqual({
        protocol: "tcp",
        address: null,
        ports: [{ first: 8080, last: 8080 }],
        more: false,
      });
    expect(first.outcome).toEqual({ kind: "dnat", address: "172.17.0.2", port: 80 });
    expect(target(2, recent).outcome).toEqual({ kind: "dnat", address: "172.17.0.2", port: null });
    expect(target(2, recent.subarray(0, 8)).outcome).toEqual({ kind: "opaque" });
  });

  test("whose address is not known are opaque, and others are nothing", () => {
    const nat = (kind: number) =>
      decode(rule(["nat", (data) => data.attribute(1, words(kind)).attribute(3, words(1))]));
    expect(nat(1).outcome).toEqual({ kind: "opaque" });
    expect(nat(0).outcome).toBeNull();
    expect(decode(rule(["counter", () => {}]))).toMatchObject({
      outcome: null,
      conditions: { more: false },
    });
  });

  test("with an expression that is not known ask for more than can be told", () => {
    expect(decode(rule(["limit", () => {}])).conditions.more).toBe(true);
  });

  test("cut anywhere are a value or a DecodeError, and so are chains and elements", () => {
    const whole = dnatRuleMessage(8080, [10, 1, 0, 2], 80).finish();
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), (end, at, byte) => {
        const bytes = whole.slice(0, end);
        if (at < bytes.length) bytes[at] = byte;
        for (const decoder of [decodeRule, decodeChain, decodeElements, decodeMapElements]) {
          try {
            decoder(new DataView(bytes.buffer), Math.min(HEADER, end), end);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        }
      }),
    );
  });
});

describe("a set of ports", () => {
  const element = (port: number, end = false) => ({
    key: new Uint8Array([port >> 8, port & 255]),
    end,
  });

  test("is single ports, or intervals whose ends stand apart", () => {
    expect(portRanges([element(80), element(443)]))
      .toEqual([{ first: 80, last: 80 }, { first: 443, last: 443 }]);
    expect(portRanges([element(9411, true), element(9400), element(0, true), element(65000)]))
      .toEqual([{ first: 9400, last: 9410 }, { first: 65000, last: 65535 }]);
  });

  test("is none where the keys are addresses", () => {
    expect(portRanges([{ key: new Uint8Array(4), end: false }])).toBeNull();
  });
});
