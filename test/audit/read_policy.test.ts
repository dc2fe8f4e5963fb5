import Ajv2020 from "ajv/dist/2020.js";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { policyJsonSchema } from "../../scripts/policy_schema.ts";
import { InputError } from "../../src/snapshot/input.ts";
import { POLICY_REACH, POLICY_TRANSPORTS } from "../../src/audit/policy.ts";
import { KEYS } from "../../src/audit/policy_schema.ts";
import { readPolicy } from "../../src/audit/read_policy.ts";
import published from "../../schema/policy-1.json";
import { runs } from "../support/runs.ts";

const validate = new Ajv2020({ formats: { date: /^\d{4}-\d\d-\d\d$/ } }).compile(published);

const YAML = `# a comment
schema: sockeye.policy/1
settings: { undecidable: accept, check: [internet, unix] }
listeners:
  - name: web
    expect: required
    transport: [tcp, mptcp]
    port: [80, 443, "8000-8099", ephemeral]
    family: dual
    reach: public
    exe: /usr/sbin/nginx
    user: [root, 33]
    expires: 2026-12-31
    reason: the site
  - transport: unix-stream
    path: /run/*.sock
    container: { name: web-*, runtime: docker }
`;
const TOML = `schema = "sockeye.policy/1"
[settings]
undecidable = "accept"
check = ["internet", "unix"]
[[listeners]]
name = "web"
expect = "required"
transport = ["tcp", "mptcp"]
port = [80, 443, "8000-8099", "ephemeral"]
family = "dual"
reach = "public"
exe = "/usr/sbin/nginx"
user = ["root", 33]
expires = 2026-12-31
reason = "the site"
[[listeners]]
transport = "unix-stream"
path = "/run/*.sock"
[listeners.container]
name = "web-*"
runtime = "docker"
`;

/** A policy without the lines of its entries: they are the language's. */
function content(text: string, file: string): unknown {
  const { entries, settings } = readPolicy(text, file);
  return { settings, entries: entries.map(({ line: _, ...entry }) => entry) };
}

/** The message that a policy is refused with. */
function refused(text: string, file = "p.yaml"): string {
  try {
    readPolicy(text, file);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "(accepted)";
}
const yaml = (entry: string) => refused(`schema: sockeye.policy/1\nlisteners:\n  - ${entry}\n`);

describe("readPolicy()", () => {
  test("reads YAML with lines", () => {
    const { entries, settings } = readPolicy(YAML, "p.yaml");
    expect(entries.map(({ name, line }) => `${name} ${line}`)).toEqual([
      "web 5",
      "listeners[1] 15",
    ]);
    expect(settings.undecidable).toBe("accept");
    expect(entries[0]).toMatchObject({
      required: true,
      ports: [{ first: 80, last: 80 }, { first: 443, last: 443 }, { first: 8000, last: 8099 }],
      ephemeral: true,
      users: ["root", "33"],
      expires: "2026-12-31",
      netns: "host",
      units: null,
    });
  });

  test("reads the same from TOML and JSON", () => {
    expect(content(TOML, "p.toml")).toEqual(content(YAML, "p.yaml"));
    const json = JSON.stringify({
      schema: "sockeye.policy/1",
      settings: { undecidable: "accept", check: ["internet", "unix"] },
      listeners: [{
        name: "web",
        expect: "required",
        transport: ["tcp", "mptcp"],
        port: [80, 443, "8000-8099", "ephemeral"],
        family: "dual",
        reach: "public",
        exe: "/usr/sbin/nginx",
        user: ["root", 33],
        expires: "2026-12-31",
        reason: "the site",
      }, {
        transport: "unix-stream",
        path: "/run/*.sock",
        container: { name: "web-*", runtime: "docker" },
      }],
    });
    expect(content(json, "p.json")).toEqual(content(YAML, "p.yaml"));
  });

  test("tells the language of a file without an ending by its text", () => {
    for (const text of [YAML, TOML]) {
      expect(content(text, "standard input")).toEqual(content(YAML, "p.yaml"));
    }
  });

  test.each<[string, string, RegExp]>([
    [
      "port: 70000",
      "listeners[0].port",
      /:3: .*expected a port \(443\), a range \("8000-8099"\), or ephemeral, got 70000$/,
    ],
    ["port: 90-80", "listeners[0].port", /:3: .*the range "90-80" runs backwards$/],
    ["prot: 80", "listeners[0].prot", /:3: .*there is no such key: did you mean port\?$/],
    [
      "colour: red",
      "listeners[0].colour",
      /there is no such key: there are name, expect, transport/,
    ],
    [
      "reach: world",
      "listeners[0].reach",
      /expected one of loopback, host, container, .* got "world"$/,
    ],
    [
      "address: 10.0.0.300",
      "listeners[0].address",
      /expected an IPv4 or IPv6 address, got "10\.0\.0\.300"$/,
    ],
    ["expires: 2026-02-30", "listeners[0].expires", /there is no such day: "2026-02-30"$/],
    [
      "expires: soon",
      "listeners[0].expires",
      /expected a day such as 2026-12-31, got "soon"$/,
    ],
    ["{ kernel: true, exe: /bin/x }", "listeners[0].kernel", /what the kernel holds has no exe/],
    [
      "{ name: a }\n  - { name: a }",
      "listeners[1].name",
      /:4: .*"a" is taken by the entry of line 3$/,
    ],
    [
      "container: { label: x }",
      "listeners[0].container.label",
      /there is no such key: there are name, image, runtime$/,
    ],
    ["*anchor", "", /:3: /],
    ["port: [80, 80", "", /^p\.yaml:\d+: /],
    ["port: 80\n    port: 81", "", /^p\.yaml:4: .*unique/],
  ])("names file, line, key and what is wanted: %s", (entry, key, message) => {
    expect(yaml(entry)).toStartWith("p.yaml:");
    expect(yaml(entry)).toContain(key);
    expect(yaml(entry)).toMatch(message);
  });

  test("names what is wrong with the whole", () => {
    expect(refused("")).toMatch(
      /^p\.yaml:1: the policy: expected a map with schema and listeners, got nothing$/,
    );
    expect(refused("schema: sockeye.policy/1\n")).toMatch(/listeners is missing$/);
    expect(refused("schema: other\nlisteners: []\n")).toMatch(
      /:1: schema: expected sockeye\.policy\/1, got "other"$/,
    );
    expect(refused("schema: sockeye.policy/1\nlisteners: []\nsettings:\n  undecidable: maybe\n"))
      .toMatch(/:4: settings\.undecidable: expected one of fail, accept, got "maybe"$/);
    expect(refused("a = ", "p.toml")).toMatch(/^p\.toml:1: /);
    expect(refused('{\n"a": 1,}', "p.json"))
      .toBe('p.json:2: not JSON: expected a key in double quotes: "a": 1,}');
    expect(refused("schema: x\nlisteners:\n\t- port: 80\n")).toMatch(
      /:3: not YAML: .*tab.*: - port: 80$/,
    );
    expect(refused("a = 1\nport = 1\nport = 2\n", "p.toml")).toMatch(/:3: not TOML: .*: port = 2$/);
    expect(refused("[".repeat(5000))).toMatch(/^p\.yaml/);
    expect(refused(`schema = ${"[".repeat(5000)}`, "p.toml")).toMatch(/^p\.toml/);
  });

  test("no key of a file reaches the prototype of objects", () => {
    for (
      const [text, file] of [
        [
          '__proto__.polluted = 1\nconstructor.prototype.polluted = 1\nschema = "sockeye.policy/1"\nlisteners = []\n',
          "p.toml",
        ],
        ["__proto__: { polluted: 1 }\nschema: sockeye.policy/1\nlisteners: []\n", "p.yaml"],
        ['{"__proto__":{"polluted":1},"schema":"sockeye.policy/1","listeners":[]}', "p.json"],
      ] as const
    ) {
      expect(refused(text, file)).toMatch(/__proto__: there is no such key/);
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    }
  });
});

describe("schema/policy-1.json", () => {
  test("is what the source says", async () => {
    expect(await Bun.file(new URL("../../schema/policy-1.json", import.meta.url)).text())
      .toBe(policyJsonSchema());
  });

  const word = fc.constantFrom("/usr/sbin/nginx", "root", "*.service", "", "web");
  const entry = fc.record({
    name: fc.oneof(fc.uuid(), word),
    expect: fc.constantFrom("required", "allowed", "wanted"),
    transport: fc.oneof(fc.constantFrom(...POLICY_TRANSPORTS), fc.subarray([...POLICY_TRANSPORTS])),
    port: fc.oneof(
      fc.integer({ min: -5, max: 70000 }),
      fc.constantFrom("80-90", "ephemeral", "x"),
      fc.constant([80, "1-2"]),
    ),
    family: fc.constantFrom("inet", "inet6", "dual", "ipv4"),
    reach: fc.constantFrom(...POLICY_REACH, "far"),
    netns: fc.constantFrom("host", "container", "any", "name:blue", "name:", "blue"),
    exe: fc.oneof(word, fc.array(word)),
    user: fc.oneof(word, fc.integer({ min: -1, max: 70000 })),
    container: fc.oneof(
      fc.record({ name: word }, { requiredKeys: [] }),
      fc.constant({ label: "x" }),
    ),
    kernel: fc.oneof(fc.constant(true), fc.boolean()),
    protocol: fc.integer({ min: -1, max: 300 }),
    expires: fc.constantFrom("2026-12-31", "2026-13-01", "soon"),
    [KEYS.entry[0]!.toUpperCase()]: word,
  }, { requiredKeys: [] });
  const policy = fc.record({
    schema: fc.constantFrom("sockeye.policy/1", "sockeye.policy/1", "sockeye.policy/1", "x"),
    settings: fc.record({
      check: fc.subarray(["internet", "unix", "moon"]),
      undecidable: fc.constantFrom("fail", "accept"),
    }, { requiredKeys: [] }),
    listeners: fc.array(entry, { maxLength: 2 }),
  }, { requiredKeys: ["schema", "listeners"] });

  test("refuses nothing that the program takes, and the program says why it refuses", () => {
    let accepted = 0;
    fc.assert(
      fc.property(policy, (value) => {
        const message = refused(JSON.stringify(value), "p.json");
        const taken = message === "(accepted)";
        if (taken) accepted++;
        const valid = validate(value);
        if (taken) expect(valid).toBe(true);
        // What a schema cannot say: days, ranges, addresses, names that are taken, contradictions.
        else if (valid) {
          expect(message).toMatch(
            /expected a day|no such day|runs backwards|up to 65535|is taken|kernel holds/,
          );
        } else expect(message).toMatch(/^p\.json:\d+: \S+/);
      }),
      runs(500),
    );
    expect(accepted).toBeGreaterThan(5);
  });

  test("any text is a policy or an InputError", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.json(),
      policy.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom("a.yaml", "a.toml", "a.json", "-"), (text, file) => {
        refused(text, file);
      }),
      runs(300),
    );
  });

  test("a valid policy with bytes changed is a policy or an InputError", () => {
    fc.assert(
      fc.property(
        fc.constantFrom([YAML, "p.yaml"], [TOML, "p.toml"]),
        fc.array(fc.tuple(fc.nat(400), fc.string({ maxLength: 2 })), {
          minLength: 1,
          maxLength: 4,
        }),
        ([text, file], edits) => {
          let edited = text!;
          for (const [at, insert] of edits) {
            edited = edited.slice(0, at) + insert + edited.slice(at + 1);
          }
          refused(edited, file!);
        },
      ),
      runs(200),
    );
  });
});
