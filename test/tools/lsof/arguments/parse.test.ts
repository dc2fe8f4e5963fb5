/**
 * lsof's command line.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCommandPattern } from "../../../../src/tools/lsof/arguments/command_pattern.ts";
import { LsofError } from "../../../../src/tools/lsof/arguments/error.ts";
import { OptionReader } from "../../../../src/tools/lsof/arguments/option_reader.ts";
import { parseLsof } from "../../../../src/tools/lsof/arguments/parse.ts";
import type { LsofLookups, LsofQuery } from "../../../../src/tools/lsof/query.ts";
import { runs } from "../../../support/runs.ts";

const lookups: LsofLookups = {
  service: () => null,
  addresses: () => [],
  user: (login) => login === "root" ? 0 : null,
};

function query(...args: string[]): LsofQuery {
  const parsed = parseLsof(args, lookups);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
}

describe("OptionReader", () => {
  test("letters group, a value may be missing", () => {
    const options = new OptionReader(["-ab", "+cx", "-i", "-n", "-p", "1", "--", "-file"], "cip");
    const seen: string[] = [];
    for (let letter = options.next(); letter !== null; letter = options.next()) {
      const value = options.value === null || options.withoutValue() ? "" : `=${options.value}`;
      seen.push(`${options.prefix}${letter}${value}`);
    }
    expect(seen).toEqual(["-a", "-b", "+c=x", "-i", "-n", "-p=1"]);
    expect(options.rest).toEqual(["-file"]);
  });
});

describe("parseLsof()", () => {
  test("letters that look like a value are one", () => {
    expect(query("-nPi").internet).toBe(0);
    expect(query("-nP", "-i", "-t")).toMatchObject({ internet: 0, format: { kind: "terse" } });
    expect(query("-ni4").internet).toBe(4);
    expect(query("-Fn").format.fields).toEqual(new Set(["n"]));
    expect(query("-F", "-n").format.fields.size).toBeGreaterThan(20);
    expect(query("-ti:8080").internetItems).toHaveLength(1);
    expect(query("+aL1")).toMatchObject({ and: true, linksBelow: 1, format: { linkCount: true } });
    expect(query("-o4n")).toMatchObject({ numericHosts: true, format: { offsetDigits: 4 } });
  });

  test("versions of -i add up and cancel", () => {
    expect(query("-i4", "-i6").internet).toBe(0);
    expect(query("-i", "-i4").internet).toBe(4);
    expect(query("-i6", "-i", "TCP").internetItems[0]!.version).toBe(6);
  });

  test("lists have members and exclusions", () => {
    const { pids, users, descriptors, states } = query(
      "-p",
      "1,^2",
      "-u",
      "root,^5",
      "-d",
      "cwd,1,3-5,fd",
      "-sTCP:listen,^CLOSE",
    );
    expect(pids).toEqual([{ number: 1, exclude: false }, { number: 2, exclude: true }]);
    expect(users).toEqual([
      { uid: 0, login: "root", exclude: false },
      { uid: 5, login: null, exclude: true },
    ]);
    expect(descriptors!.names).toEqual(["cwd"]);
    expect(descriptors!.ranges.slice(0, 2)).toEqual([{ first: 1, last: 1 }, {
      first: 3,
      last: 5,
    }]);
    expect(states).toEqual([{ state: 10, exclude: false }, { state: 7, exclude: true }]);
  });

  test("an empty list asks for nothing, an empty member is 0", () => {
    for (const letter of ["p", "g", "u"]) {
      const { pids, groups, users } = query(`-${letter}`, "");
      expect([...pids, ...groups, ...users]).toEqual([]);
    }
    expect(query("-p", ",").pids).toEqual([{ number: 0, exclude: false }]);
    expect(() => query("-a", "-p", "")).toThrow("no select options to AND via -a");
  });

  test("repetition has seconds, a count and a marker", () => {
    expect(query("-r").repetition).toMatchObject({ seconds: 15, count: null, whileFound: false });
    expect(query("+r5c3m%H:%M").repetition).toEqual({
      seconds: 5,
      count: 3,
      marker: "%H:%M",
      whileFound: true,
    });
    expect(query("-r2n")).toMatchObject({ numericHosts: true, repetition: { seconds: 2 } });
  });

  test("parts of the state are chosen", () => {
    expect(query("-i").format.stateParts).toEqual({ any: true, state: true, queues: false });
    expect(query("-T").format.stateParts).toEqual({ any: false, state: false, queues: false });
    expect(query("-Tqs").format.stateParts).toEqual({ any: true, state: true, queues: true });
  });

  test("contradictions are refused", () => {
    for (
      const args of [["-o", "-s"], ["-F", "-t"], ["-a"], ["-x"], ["-X", "-i"], ["-p1,^1"], [
        "-cx",
        "-c^x",
      ], ["-F", "-r1m%n"]]
    ) expect(() => query(...args), args.join(" ")).toThrow(LsofError);
  });

  test("any words are a query, a request for help, or an LsofError", () => {
    const letters = "aAbcCdDeEfFghiKlLmMnNoOpPQrRsStTuUvVwxXzZ:?";
    const word = fc.oneof(
      fc.tuple(fc.constantFrom("-", "+"), fc.string({ unit: fc.constantFrom(...letters) }))
        .map(([prefix, rest]) => prefix + rest),
      fc.constantFrom("TCP:80", "1,2", "^1", "/x/b", "--", "-", "+", "0", "root", "cwd", "1c2m%Y"),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        try {
          parseLsof(words, lookups);
        } catch (error) {
          expect(error).toBeInstanceOf(LsofError);
        }
      }),
      runs(5000),
    );
  });
});

describe("parseCommandPattern()", () => {
  const matches = (argument: string, text: string) =>
    parseCommandPattern(argument).pattern.test(text);

  test("extended and basic expressions have their operators", () => {
    expect(matches("/^(a|b)+$/", "abba")).toBe(true);
    expect(matches("/^(a|b)+$/b", "abba")).toBe(false);
    expect(matches("/^\\(a\\|b\\)*$/b", "abba")).toBe(true);
    expect(matches("/a+/b", "a+")).toBe(true);
    expect(matches("/^*/b", "*")).toBe(true);
    expect(matches("/PYTHON/i", "python")).toBe(true);
    expect(matches("/^[[:alpha:]]+[^[:alpha:]]$/", "python3")).toBe(true);
    expect(matches("/[\\]/", "\\")).toBe(true);
    expect(matches("/[]x]/", "]")).toBe(true);
  });

  test("what is not an expression is refused", () => {
    for (const argument of ["/x", "/x/q", "/x/ii", "/x/bx", "/[/", "/(/", "/*/"]) {
      expect(() => parseCommandPattern(argument), argument).toThrow(LsofError);
    }
  });

  test("any text is an expression or an LsofError", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."ab[]\\^$*+?(){}|.:-/1") }),
        fc.constantFrom("", "b", "i", "x", "bi"),
        (text, modifiers) => {
          try {
            parseCommandPattern(`/${text}/${modifiers}`).pattern.test("abc");
          } catch (error) {
            expect(error).toBeInstanceOf(LsofError);
          }
        },
      ),
      runs(3000),
    );
  });
});
