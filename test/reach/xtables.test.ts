/**
 * The table of the older iptables, from bytes that a kernel would not give.
 *
 * @module
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { DecodeError } from "../../src/model/decode_error.ts";
import { followXtTable } from "../../src/reach/xtables.ts";

/** `-p tcp -j DNAT --to-destination 10.0.0.2:80`, then the policy. */
function table(): Uint8Array {
  const size = 112;
  const bytes = new Uint8Array(size + 32 + 24 + size + 40);
  const view = new DataView(bytes.buffer);
  view.setUint16(80, 6, true);
  view.setUint16(88, size, true);
  view.setUint16(90, size + 56, true);
  view.setUint16(size, 56, true);
  bytes.set(new TextEncoder().encode("DNAT"), size + 2);
  view.setUint32(size + 36, 3, true);
  bytes.set([10, 0, 0, 2, 10, 0, 0, 2, 0, 80, 0, 80], size + 40);
  const policy = size + 56;
  view.setUint16(policy + 88, size, true);
  view.setUint16(policy + 90, size + 40, true);
  view.setUint16(policy + size, 40, true);
  view.setInt32(policy + size + 32, -2, true);
  return bytes;
}

test("a rule is followed to where it leads", () => {
  expect(followXtTable({ bytes: table(), entry: 0, v6: false })).toEqual({
    complete: true,
    rules: [{
      via: "iptables",
      protocol: "tcp",
      address: null,
      ports: null,
      more: false,
      toAddress: "10.0.0.2",
      toPort: 80,
    }],
  });
});

test("any bytes are rules or a DecodeError", () => {
  const whole = table();
  const cut = fc.record({
    end: fc.nat(whole.length),
    changes: fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
    entry: fc.oneof(fc.constant(0), fc.nat(400)),
    v6: fc.boolean(),
  });
  fc.assert(
    fc.property(cut, ({ end, changes, entry, v6 }) => {
      const bytes = whole.slice();
      for (const [at, byte] of changes) bytes[at] = byte;
      try {
        followXtTable({ bytes: bytes.subarray(0, end), entry, v6 });
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 2000 },
  );
});
