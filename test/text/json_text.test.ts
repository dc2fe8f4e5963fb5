import { expect, test } from "bun:test";
import fc from "fast-check";
import { jsonText } from "../../src/text/json_text.ts";

test("a process called like a C1 control sequence does not reach the terminal as one", () => {
  expect(jsonText({ comm: "\u009b31mred" })).toBe('{"comm":"\\u009b31mred"}');
});

test("a bidirectional override does not turn the line around", () => {
  expect(jsonText(["a\u202eb", "\ufeff", "\u{e0041}"])).toBe(
    '["a\\u202eb","\\ufeff","\\udb40\\udc41"]',
  );
});

test("what people read stays as it is", () => {
  expect(jsonText({ path: "/run/日本語/é.sock" }, 1)).toBe('{\n "path": "/run/日本語/é.sock"\n}');
});

test("whoever reads it as JSON reads the same", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
  }));
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    const text = jsonText(value);
    expect(JSON.parse(text)).toBe(value);
    // deno-lint-ignore no-control-regex
    expect(/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/.test(text)).toBe(false);
  }));
});
