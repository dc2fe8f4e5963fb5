/**
 * The published schemas, as documents: each is one, says what every key of the answer means, and lets no unknown key pass.
 * What the program prints is checked against them wherever tests run it: see test/support/sockeye.ts.
 */
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DIFF_FIELDS } from "../../src/audit/diff.ts";
import { SEVERITIES, VERDICTS } from "../../src/audit/report.ts";
import { EVENT_NAMES, HOWS, RUNGS } from "../../src/model/event.ts";
import { GAP_KINDS } from "../../src/model/gap.ts";
import { OWNERSHIPS } from "../../src/model/owner.ts";
import { type Evidence, OWNER_ROLES } from "../../src/model/relation.ts";
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

/** Every object of a schema, with its path; the conditions of `if` aside, which only ask. */
function* objects(schema: Schema, path = ""): Generator<[path: string, schema: Schema]> {
  if (typeof schema !== "object" || schema === null) return;
  if (schema.properties !== undefined || schema.type === "object") yield [path, schema];
  for (const [key, inner] of Object.entries(schema)) {
    if (key !== "if" && key !== "then") yield* objects(inner, `${path}/${key}`);
  }
}

test.each([...schemas])("%s names itself as its file is named", (file, schema) => {
  expect(schema.$id).toBe(`sockeye.${file.replace(/-(\d+)\.json$/, "/$1")}`);
  expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
});

test("counts have the host and the gaps of snapshots", () => {
  const [counts, snapshots] = ["count-1.json", "snapshot-1.json"].map((name) => schemas.get(name));
  for (const name of ["host", "gap"]) expect(counts.$defs[name]).toEqual(snapshots.$defs[name]);
});

/** Objects whose keys the schema does not list: the kernel decides what there is, or the kind of a gap, or the states met. */
const OPEN: Readonly<Record<string, readonly string[]>> = {
  // Files that could not be read, with the error of each.
  "audit-1.json": ["/$defs/gap", "/$defs/owner/properties/unread"],
  "count-1.json": ["/properties/groups/items/properties/values", "/$defs/gap"],
  "diff-1.json": ["/$defs/gap"],
  "explanation-1.json": ["/$defs/connections/properties/others"],
  "report-1.json": ["/$defs/gap"],
  "snapshot-1.json": [
    "/$defs/gap",
    "/$defs/info_value/oneOf/2",
    "/$defs/inet_info",
    "/$defs/socket/properties/info/oneOf/1",
    "/$defs/owner/properties/unread",
  ],
  "watch-1.json": ["/$defs/lost/properties/of", "/$defs/summary/properties/counts"],
};

describe.each([...schemas])("%s", (file, schema) => {
  test("says what every key means", () => {
    const silent = [...objects(schema)].flatMap(([path, { properties }]) =>
      Object.entries((properties ?? {}) as Record<string, Schema>)
        .filter(([, { description, $ref }]) =>
          description === undefined &&
          schema.$defs?.[$ref?.replace("#/$defs/", "")]?.description === undefined
        )
        .map(([key]) => `${path}/${key}`)
    );
    expect(silent).toEqual([]);
  });

  test("lets no unknown key pass, but where what there is decides about keys", () => {
    const open = [...objects(schema)].filter(([, { additionalProperties }]) =>
      additionalProperties !== false
    );
    expect(open.map(([path]) => path)).toEqual([...OPEN[file] ?? []]);
    for (const [, { additionalProperties }] of open) expect(additionalProperties).toBeObject();
  });
});

test("the enumerations are those of the program", () => {
  const { gap, socket } = schemas.get("snapshot-1.json")!.$defs;
  const { family, transport, state, ownership, reach } = socket.properties;
  const audit = schemas.get("audit-1.json")!;
  const { severity, verdict } = audit.$defs.result.properties;
  const counts = audit.properties.verdicts.oneOf[1];
  const diff = schemas.get("diff-1.json")!.$defs;
  const { node, reach: explained } = schemas.get("explanation-1.json")!.$defs;
  const watched = schemas.get("watch-1.json")!.$defs;
  const sets: [Schema, readonly string[]][] = [
    [gap.properties.kind, GAP_KINDS],
    [family, FAMILIES],
    [transport, TRANSPORTS],
    [state, STATES],
    [ownership, OWNERSHIPS],
    [reach.properties.scope, SCOPES],
    [explained.properties.scope, SCOPES],
    [explained.properties.addresses.oneOf[1].items.properties.scope, SCOPES],
    [node.properties.role, OWNER_ROLES],
    [severity, SEVERITIES],
    [{ enum: verdict.enum.filter((word: string | null) => word !== null) }, VERDICTS],
    [{ enum: Object.keys(counts.properties) }, VERDICTS],
    [{ enum: counts.required }, VERDICTS],
    [{ enum: [...watched.event.properties.event.enum, "lost"] }, EVENT_NAMES],
    [
      { enum: watched.event.properties.how.enum.filter((how: string | null) => how !== null) },
      HOWS,
    ],
    [watched.header.properties.rung, RUNGS],
    [diff.difference.properties.fields.items, DIFF_FIELDS],
    [{ enum: Object.keys(diff.values.properties) }, DIFF_FIELDS],
    [{ enum: diff.values.required }, DIFF_FIELDS],
  ];
  for (const [schema, words] of sets) expect([...schema.enum].sort()).toEqual([...words].sort());
  for (const state of STATES) expect(state).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
});

test("a fact that a role rests on has the keys of its kind, and every key is of some kind", () => {
  const facts: { readonly [Kind in Evidence["kind"]]: Evidence & { readonly kind: Kind } } = {
    ancestor: { kind: "ancestor", pid: 1, via: [7] },
    same_program: { kind: "same_program", exe: "/bin/a" },
    other_program: { kind: "other_program", exe: "/bin/a", ancestor_exe: "/bin/b" },
    same_fd: { kind: "same_fd", fds: [3] },
    other_fd: { kind: "other_fd", fds: [3], ancestor_fds: [4] },
    same_image: { kind: "same_image" },
    executed: { kind: "executed" },
    environment: { kind: "environment", name: "LISTEN_FDS", value: "1" },
    init: { kind: "init", pid: 1, comm: "systemd" },
    no_common_ancestor: { kind: "no_common_ancestor", pids: [8], unnamed: 1 },
    same_parent: { kind: "same_parent", pid: 7, pids: [8], unnamed: 1 },
    other_netns: { kind: "other_netns", netns: 1, name: null, socket_netns: 2 },
    own_table: { kind: "own_table", tid: 9 },
  };
  const EVIDENCE = "sockeye.explanation/1#/$defs/evidence";
  for (const fact of Object.values(facts)) {
    expectValid(fact, EVIDENCE);
    expect(() => expectValid({ ...fact, more: 1 }, EVIDENCE)).toThrow();
  }
  const { kind, ...others } = schemas.get("explanation-1.json")!.$defs.evidence.properties;
  expect([...kind.enum].sort()).toEqual(Object.keys(facts).sort());
  const keys = new Set(Object.values(facts).flatMap((fact) => Object.keys(fact)));
  keys.delete("kind");
  expect([...keys].sort()).toEqual(Object.keys(others).sort());
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
