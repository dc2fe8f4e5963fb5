import { expect, test } from "bun:test";
import fc from "fast-check";
import { KeptMessages } from "../../src/store/kept_messages.ts";

test("messages come back whole, in order, and by their address family", () => {
  const message = fc.uint8Array({ minLength: 1, maxLength: 3000 });
  fc.assert(fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
    const kept = new KeptMessages();
    expect(kept.empty).toBe(true);
    for (const bytes of messages) {
      // The buffer that they come from is used again.
      const buffer = new Uint8Array(bytes.length + 7).fill(0xee);
      buffer.set(bytes, 3);
      kept.message(new DataView(buffer.buffer), 3, 3 + bytes.length);
      buffer.fill(0);
    }
    expect(kept.empty).toBe(messages.length === 0);
    for (const family of new Set([2, 10, ...messages.map(([first]) => first!)])) {
      const seen: Uint8Array[] = [];
      kept.replay(family, {
        message: (view, start, end) =>
          seen.push(
            new Uint8Array(view.buffer.slice(view.byteOffset + start, view.byteOffset + end)),
          ),
      });
      expect(seen).toEqual(
        messages.filter(([first]) => first === family).map((bytes) => Uint8Array.from(bytes)),
      );
    }
  }));
});
