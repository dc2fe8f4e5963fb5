import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DecodeError } from "../../src/model/decode_error.ts";
import { parseAddress } from "../../src/model/endpoint.ts";
import { decodeAnswer, encodeQuestion, reverseName } from "../../src/etc/dns_message.ts";

const of = (address: string) => reverseName(parseAddress(address)!);

test("an address has a name under arpa, a mapped one that of IPv4", () => {
  expect(of("192.0.2.5")).toBe("5.2.0.192.in-addr.arpa");
  expect(of("::ffff:192.0.2.5")).toBe("5.2.0.192.in-addr.arpa");
  expect(of("2001:db8::567:89ab")).toBe(
    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
  );
});

/** An answer with one record of a type, whose data is given; the owner points to the question. */
function answer(type: number, data: readonly number[], flags = 0x8180): Uint8Array {
  const question = encodeQuestion(0x1234, "5.2.0.192.in-addr.arpa");
  const bytes = new Uint8Array([
    ...question,
    ...[0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255],
    ...data,
  ]);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, flags);
  view.setUint16(6, 1);
  return bytes;
}
const label = (text: string) => [text.length, ...new TextEncoder().encode(text)];

describe("decodeAnswer()", () => {
  test("finds the name, whole or by a pointer", () => {
    expect(decodeAnswer(answer(12, [...label("Host"), ...label("example"), 0]))).toEqual({
      id: 0x1234,
      question: "5.2.0.192.in-addr.arpa",
      name: "Host.example",
    });
    // The last two labels of the question: in-addr.arpa.
    expect(decodeAnswer(answer(12, [...label("x"), 0xc0, 22])).name).toBe("x.in-addr.arpa");
  });

  test("has no name when there is no such record, or the server failed", () => {
    expect(decodeAnswer(answer(5, [0])).name).toBeNull();
    expect(decodeAnswer(answer(12, [...label("x"), 0], 0x8183)).name).toBeNull();
  });

  test.each([
    ["a question", encodeQuestion(1, "a.b")],
    ["nothing", new Uint8Array()],
    ["a pointer to itself", answer(12, [0xc0, 52])],
    ["a label that is cut", answer(12, [9, 65])],
  ])("throws DecodeError for %s", (_, bytes) => {
    expect(() => decodeAnswer(bytes)).toThrow(DecodeError);
  });

  test("gives an answer or DecodeError for any bytes", () => {
    const valid = answer(12, [...label("Host"), ...label("example"), 0]);
    fc.assert(fc.property(
      fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(valid.length),
      (changes, length) => {
        const bytes = valid.slice(0, length);
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
        try {
          decodeAnswer(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      },
    ));
  });
});
