import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { InputError } from "../../src/snapshot/input.ts";
import { lineOf, parseTree, plain } from "../../src/audit/policy_tree.ts";
import { runs } from "../support/runs.ts";

/** Lines of all scalars, by path. */
const line = (text: string, ...path: (string | number)[]) =>
  lineOf(parseTree(text, "p.yaml"), path);

describe("parseTree()", () => {
  test("knows the line of each key and item", () => {
    const text =
      "# c\n\na: 1\nb:\n  - x\n  - y: [1,\n      {z: 2}]\n    'k k': |\n      text\n      more\nc: last\n";
    expect(line(text, "a")).toBe(3);
    expect(line(text, "b")).toBe(4);
    expect(line(text, "b", 0)).toBe(5);
    expect(line(text, "b", 1, "y", 1, "z")).toBe(7);
    expect(line(text, "b", 1, "k k")).toBe(8);
    expect(line(text, "c")).toBe(11);
    expect(line(text, "nothing")).toBe(3);
  });

  test("reads scalars as YAML 1.2 has them", () => {
    const text = "[1, 0o17, 0x1f, 1e3, true, True, yes, null, ~, '', \"a\\tb\", 2026-01-01, .inf]";
    expect(plain(parseTree(text, "p.yaml"))).toEqual(parse(text));
    expect(plain(parseTree("a:\nb: ''\n", "p.yaml"))).toEqual({ a: null, b: "" });
  });

  test("reads what another library wrote", () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("node"), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"),
          tie("node"),
          { maxKeys: 4 },
        ),
      ),
    })).node;
    fc.assert(
      fc.property(value, (given) => {
        const text = stringify(given);
        expect(JSON.stringify(plain(parseTree(text, "p.yaml")))).toBe(JSON.stringify(parse(text)));
      }),
      runs(300),
    );
  });

  test.each([
    ["a: 1\nb: *x\n", "p.yaml:2: aliases are not read"],
    ["a: !!str 1\n", "p.yaml:1: tags are not read"],
    ["a: 1\na: 2\n", "p.yaml:2: a is given twice"],
    ["? [a]\n: 1\n", "p.yaml:1: a key must be a word"],
    ["a: 1\n---\nb: 1\n", "p.yaml: there are 2 documents"],
    ["a: [1\nb: 2\n", "p.yaml:2: "],
  ])("refuses %j", (text, message) => {
    expect(() => parseTree(text, "p.yaml")).toThrow(InputError);
    expect(() => parseTree(text, "p.yaml")).toThrow(message);
  });
});
