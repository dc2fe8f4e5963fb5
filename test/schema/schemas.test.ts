/**
 * The published schemas, as documents: each is one, says what every key of the answer means, and lets no unknown key pass.
 * What the program prints is checked against them wherever tests run it: see test/support/sockeye.ts.
 */
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GAP_KINDS } from "../../src/model/gap.ts";
import { OWNERSHIPS } from "../../src/model/owner.ts";
import { FAMILIES, SCOPES, TRANSPORTS } from "../../src/model/socket.ts";
import { STATES } from "../../src/model/state.ts";
import { expectValid, snapshot } from "../support/sockeye.ts";

const folder = fileURLToPath(new URL("../../schema/", import.meta.url));
// deno-lint-ignore no-explicit-any -- schemas are walked, not read.
type Schema = any;
const schemas = new Map<string, Schema>(
  [...new Glob("*.json").scanSync(folder)].sort()
    .map((file) => [file, JSON.parse(readFileSync(folder + file, "utf8"))]),
);

/** Every object of a schema that lists keys, with its path; the conditions of `if` aside, which only ask. */
function* objects(schema: Schema, path = ""): Generator<[path: string, schema: Schema]> {
  if (typeof schema !== "object" || schema === null) return;
  if (schema.properties !== undefined) yield [path, schema];
  for (const [key, inner] of Object.entries(schema)) {
    if (key !== "if" && key !== "then") yield* objects(inner, `${path}/${key}`);
  }
}

test.each([...schemas])("%s names itself as its file is named", (file, schema) => {
  expect(schema.$id).toBe(`sockeye.${file.replace(/-(\d+)\.json$/, "/$1")}`);
  expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
});

describe.each(["snapshot-1.json", "checkup-1.json"])("%s", (file) => {
  const schema = schemas.get(file)!;

  test("says what every key means", () => {
    const silent = [...objects(schema)].flatMap(([path, { properties }]) =>
      Object.entries(properties as Record<string, Schema>)
        .filter(([, { description, $ref }]) =>
          description === undefined &&
          schema.$defs?.[$ref?.replace("#/$defs/", "")]?.description === undefined
        )
        .map(([key]) => `${path}/${key}`)
    );
    expect(silent).toEqual([]);
  });

  test("lets no unknown key pass, but where the kernel decides what there is", () => {
    const open = [...objects(schema)].filter(([, { additionalProperties }]) =>
      additionalProperties !== false
    );
    expect(open.map(([path]) => path)).toEqual(
      file === "snapshot-1.json" ? ["/$defs/gap", "/$defs/inet_info"] : [],
    );
    for (const [, { additionalProperties }] of open) expect(additionalProperties).toBeObject();
  });
});

test("the enumerations are those of the program", () => {
  const { gap, socket } = schemas.get("snapshot-1.json")!.$defs;
  const { family, transport, state, ownership, reach } = socket.properties;
  const sets: [Schema, readonly string[]][] = [
    [gap.properties.kind, GAP_KINDS],
    [family, FAMILIES],
    [transport, TRANSPORTS],
    [state, STATES],
    [ownership, OWNERSHIPS],
    [reach.properties.scope, SCOPES],
  ];
  for (const [schema, words] of sets) expect([...schema.enum].sort()).toEqual([...words].sort());
  for (const state of STATES) expect(state).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
});

test("a key more, a key less, a number where text belongs are refused", () => {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  try {
    const document = snapshot(["--port", String(listener.port)]);
    const [socket] = document.sockets;
    const { cookie: _, ...less } = socket!;
    for (
      const wrong of [
        { ...document, more: 1 },
        { ...document, sockets: [{ ...socket, more: 1 }] },
        { ...document, sockets: [less] },
        { ...document, sockets: [{ ...socket, state: "LISTEN" }] },
        { ...document, sockets: [{ ...socket, local: { ...socket!.local, port: "80" } }] },
        { ...document, sockets: [{ ...socket, cookie: 2 ** 53 }] },
        { ...document, gaps: [{ kind: "processes" }] },
      ]
    ) {
      expect(() => expectValid(wrong)).toThrow();
    }
    expectValid({ ...document, sockets: [{ ...socket, cookie: "18446744073709551615" }] });
  } finally {
    listener.stop();
  }
});
