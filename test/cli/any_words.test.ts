/** The command line of every command and mode: any words are options, or are refused in words meant for a person. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { buildQuery } from "../../src/cli/build_query.ts";
import { getopt, GetoptError } from "../../src/tools/getopt.ts";
import { NETSTAT_FLAGS, NetstatStop, noOptions } from "../../src/tools/netstat/flags.ts";
import { readArguments, Stop } from "../../src/tools/ss/arguments.ts";
import { SS_FLAGS } from "../../src/tools/ss/flags.ts";
import type { Flag } from "../../src/cli/flag.ts";
import { LIST_FLAGS } from "../../src/cli/list_flags.ts";
import { defaultOptions } from "../../src/cli/list_options.ts";
import { commandPages } from "../../src/cli/pages.ts";
import { COMMANDS } from "../../src/program.ts";
import { parseArguments } from "../../src/cli/parse.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

const VALUES = [
  "80",
  "1-2",
  "-",
  "--",
  "-1",
  "",
  "tcp",
  "root",
  "listen",
  "/x",
  "auto",
  "text",
  "1.5",
  "a,b",
  "\0",
  "é",
];

/** Words of which about half are flags that exist, alone, in clusters, and with values of any kind. */
function wordsFor(short: readonly string[], long: readonly string[]): fc.Arbitrary<string[]> {
  const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 8 }));
  const name = fc.constantFrom(...long);
  const word = fc.oneof(
    value,
    name.map((name) => `--${name}`),
    name.map((name) => `--${name.slice(0, -1)}`),
    fc.tuple(name, value).map(([name, value]) => `--${name}=${value}`),
    fc.array(fc.constantFrom(...short), { minLength: 1, maxLength: 4 }).map((letters) =>
      `-${letters.join("")}`
    ),
    fc.tuple(fc.constantFrom(...short), value).map(([letter, value]) => `-${letter}${value}`),
  );
  return fc.array(word, { maxLength: 6 });
}

/** Runs it, and lets pass only what is thrown for a person to read. */
function told(what: () => unknown, ...kinds: readonly (new (...args: never[]) => Error)[]): void {
  try {
    what();
  } catch (error) {
    expect(kinds.some((kind) => error instanceof kind) ? "" : error).toBe("");
  }
}

/** Options of a command whose own are made where it runs: whatever is asked of it, it is there. */
const ANYTHING: object = new Proxy(() => {}, {
  get: (_, key) => key === Symbol.toPrimitive ? () => 0 : ANYTHING,
  apply: () => ANYTHING,
  set: () => true,
});

const letters = (flags: readonly { readonly short?: string }[]) =>
  flags.flatMap(({ short }) => short ?? []);

test("the listing's: options and then a query", () => {
  const long = LIST_FLAGS.flatMap(({ long }) => long ?? []);
  fc.assert(fc.property(wordsFor(letters(LIST_FLAGS), long), (words) => {
    told(() => {
      const options = defaultOptions();
      parseArguments(words, LIST_FLAGS, options);
      buildQuery(options);
    }, UsageError);
  }));
});

const pages = await commandPages(COMMANDS);
describe("that of", () => {
  for (
    const { name, page } of pages.filter(({ name }) => !["ss", "netstat", "lsof"].includes(name))
  ) {
    test(`sockeye ${name}`, () => {
      const flags = page.flags as readonly Flag<object>[];
      expect(flags.length).toBeGreaterThan(0);
      const long = flags.flatMap(({ long }) => long ?? []);
      fc.assert(fc.property(wordsFor([...letters(flags), "x"], long), (words) => {
        told(() => parseArguments(words, flags, ANYTHING), UsageError);
      }));
    });
  }

  test("sockeye netstat", () => {
    const long = NETSTAT_FLAGS.flatMap(({ long }) => long ?? []);
    fc.assert(fc.property(wordsFor([...letters(NETSTAT_FLAGS), "?"], long), (words) => {
      told(() => getopt(words, NETSTAT_FLAGS, noOptions()), GetoptError, NetstatStop);
    }));
  });

  test("sockeye ss", () => {
    const long = SS_FLAGS.flatMap(({ long }) => long ?? []);
    fc.assert(
      fc.property(wordsFor([...letters(SS_FLAGS), "?"], long), fc.boolean(), (words, ordered) => {
        told(() => readArguments(words, ordered, ""), Stop);
      }),
    );
  });
});
