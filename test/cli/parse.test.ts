import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { buildQuery } from "../../src/cli/build_query.ts";
import { LIST_FLAGS } from "../../src/cli/list_flags.ts";
import { defaultOptions } from "../../src/cli/list_options.ts";
import { parseArguments } from "../../src/cli/parse.ts";
import { parseFilter } from "../../src/filter/parser.ts";
import { ALL_STATES } from "../../src/model/state.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

function parse(...args: string[]) {
  const options = defaultOptions();
  return { options, positional: parseArguments(args, LIST_FLAGS, options) };
}
const query = (...args: string[]) => buildQuery(parse(...args).options);

describe("the flag table", () => {
  test("gives no name and no letter twice", () => {
    const longs = LIST_FLAGS.map(({ long }) => long);
    const shorts = LIST_FLAGS.flatMap(({ short }) => short ?? []);
    expect(new Set(longs).size).toBe(longs.length);
    expect(new Set(shorts).size).toBe(shorts.length);
  });

  test("spells names and help in one manner", () => {
    for (const { long, short, help, value, choices } of LIST_FLAGS) {
      expect(long).toMatch(/^[a-z0-9][a-z0-9-]+$/);
      if (short !== undefined) expect(short).toMatch(/^[A-Za-z0-9]$/);
      expect(help).toMatch(/^[^.]*[^. ]$|…$/);
      if (choices !== undefined) expect(value).toBeDefined();
    }
  });
});

describe("parseArguments()", () => {
  test("takes flags bundled, with values attached or apart", () => {
    const { options } = parse("-tu4", "--port=80,443", "--port", "8000-8100", "--color=never");
    expect([options.transports, options.families, options.color]).toEqual([
      ["tcp", "udp", "udplite"],
      ["inet"],
      "never",
    ]);
    expect(options.ports).toEqual([
      { first: 80, last: 80 },
      { first: 443, last: 443 },
      { first: 8000, last: 8100 },
    ]);
  });

  test("takes the names of services for ports", () => {
    expect(parse("--port", "https,80").options.ports.map(({ first }) => first)).toEqual([443, 80]);
  });

  test("takes what ss and netstat users type", () => {
    const { options } = parse("-tulpn");
    expect([options.transports, options.listening]).toEqual([["tcp", "udp", "udplite"], true]);
  });

  test("leaves what follows -- alone", () => {
    expect(parse("--", "-t", "--nonsense").positional).toEqual(["-t", "--nonsense"]);
  });

  test.each([
    [["--prot"], "there is no flag --prot: did you mean --port?"],
    [["--colour=never"], "there is no flag --colour: did you mean --color?"],
    [["--zzzzzz"], "there is no flag --zzzzzz; sockeye --help lists them"],
    [["-tZ"], "there is no flag -Z; sockeye --help lists them"],
    [["--port"], "--port N[,N-M] needs a value"],
    [["--all=yes"], '--all takes no value: "yes" was given'],
    [["--color", "blue"], "--color blue: expected one of auto, always, never"],
    [
      ["--port", "nosuch"],
      '--port nosuch: "nosuch" is not a port: expected N, N-M or a service, 0 to 65535',
    ],
    [
      ["--port", "65536"],
      '--port 65536: "65536" is not a port: expected N, N-M or a service, 0 to 65535',
    ],
    [
      ["--port", "80,,81"],
      '--port 80,,81: "" is not a port: expected N, N-M or a service, 0 to 65535',
    ],
    [["--port", "90-80"], "--port 90-80: the range 90-80 runs backwards"],
    [["--port", ""], '--port "": "" is not a port: expected N, N-M or a service, 0 to 65535'],
    [["--pid", "0"], '--pid 0: "0" is not a process ID: expected N, 1 to 4194304'],
    [
      ["--pid", "4194305"],
      '--pid 4194305: "4194305" is not a process ID: expected N, 1 to 4194304',
    ],
    [
      ["--pid", "99999999999"],
      '--pid 99999999999: "99999999999" is not a process ID: expected N, 1 to 4194304',
    ],
    [["--jso"], "there is no flag --jso: did you mean --json?"],
    [["--process", "a,"], '--process "a,": a name is empty'],
    [["--filter", " "], '--filter " ": it is empty, expected e.g. "sport = 80"'],
    [["--json", "--ndjson"], "json and ndjson were both asked for: choose one"],
  ])("answers %p with one clear line", (args, message) => {
    expect(() => parse(...args)).toThrow(new UsageError(message));
  });

  test("lists the states there are when one is misspelt", () => {
    expect(() => parse("--state", "opened")).toThrow(
      /no state is called "opened": there are established, /,
    );
  });

  test("gives options or UsageError for any arguments", () => {
    const words = fc.oneof(
      fc.string(),
      fc.constantFrom("-t", "--port", "--state", "80", "-", "--", "-H4", "--json"),
    );
    fc.assert(fc.property(fc.array(words, { maxLength: 6 }), (args) => {
      try {
        parse(...args);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }));
  });
});

describe("buildQuery()", () => {
  test("asks for both versions when neither or both are named", () => {
    expect([...query().families].sort()).toEqual(["inet", "inet6"]);
    expect([...query("-46").families].sort()).toEqual(["inet", "inet6"]);
    expect([...query("-6").families]).toEqual(["inet6"]);
  });

  test("takes state names as people write them", () => {
    const mask = query("--state", "established,TIME-WAIT,fin_wait_1,closed").states;
    expect(mask).toBe(1 << 1 | 1 << 6 | 1 << 4 | 1 << 7);
  });

  test("--all wins over --listening: people type -plant", () => {
    expect(query("-plant").states).toBe(ALL_STATES);
    expect(query("-l", "-a", "-t").states).toBe(ALL_STATES);
  });

  test("looks among connections for what only they have", () => {
    const states = (filter: string, ...args: string[]) =>
      buildQuery(parse(...args).options, parseFilter(filter)).states;
    for (const text of ["dst 10.0.0.1", "dport 443", "state established", "not dport 80"]) {
      expect([text, states(text)]).toEqual([text, ALL_STATES]);
      expect([text, states(text, "-l")]).toEqual([text, null]);
    }
    for (const text of ["sport 80", "port 80", "src 10.0.0.1", "process nginx"]) {
      expect([text, states(text)]).toEqual([text, null]);
    }
    expect(query("--group-by", "state").states).toBe(ALL_STATES);
    expect(query("--group-by", "process").states).toBe(null);
  });

  test("refuses contradictions", () => {
    expect(() => query("-l", "--state", "established")).toThrow(UsageError);
  });
});
