/** Columns: one for everything in the JSON, and what their values look like. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Socket } from "../../../src/model/socket.ts";
import { cellText, rawName, rawText } from "../../../src/views/fields/cell_text.ts";
import { type Field, fieldNamed, FIELDS } from "../../../src/views/fields/field.ts";
import { groupsOf } from "../../../src/views/fields/groups.ts";
import { inOrderOf } from "../../../src/views/fields/order.ts";
import { writeSeparated } from "../../../src/views/fields/separated.ts";
import { writeColumns } from "../../../src/views/fields/table.ts";
import type { Writer } from "../../../src/text/writer.ts";
import { Scene, server, webServer } from "../../support/screen_scene.ts";

const { facts, sockets } = webServer();
const source = { facts, nowMs: 0 };
const field = (name: string): Field => {
  const found = fieldNamed(name);
  if (found === undefined) throw new Error(`There is no field ${name}`);
  return found;
};

function written(write: (out: Writer) => void): string {
  let text = "";
  write({ write: (some: string) => text += some } as unknown as Writer);
  return text;
}

// deno-lint-ignore no-explicit-any -- schemas are walked, not read.
type Schema = any;

/** The path of every value that the schema of a socket allows, without marks of lists. */
function* leaves(schema: Schema, defs: Schema, path: readonly string[] = []): Generator<string> {
  if (schema.$ref !== undefined) {
    yield* leaves(defs[schema.$ref.replace("#/$defs/", "")], defs, path);
    return;
  }
  // Below info, every path is a field.
  if (path[0] === "info") return;
  const inner = [
    ...schema.anyOf ?? [],
    ...schema.oneOf ?? [],
    ...schema.items === undefined ? [] : [schema.items],
  ];
  for (const one of inner) yield* leaves(one, defs, path);
  const keys = Object.entries(schema.properties ?? {});
  for (const [key, value] of keys) yield* leaves(value, defs, [...path, key]);
  if (inner.length === 0 && keys.length === 0 && schema.type !== "null") yield path.join(".");
}

test("there is a column for everything that the JSON of a socket has", () => {
  const path = fileURLToPath(new URL("../../../schema/snapshot-1.json", import.meta.url));
  const schema = JSON.parse(readFileSync(path, "utf8"));
  const paths = new Set(leaves(schema.$defs.socket, schema.$defs));
  expect(paths.size).toBeGreaterThan(60);
  expect([...paths].filter((name) => fieldNamed(name) === undefined)).toEqual([]);
});

test("no name is given twice, and every value of a socket can be written", () => {
  expect(new Set(FIELDS.map(({ name }) => name)).size).toBe(FIELDS.length);
  for (const one of FIELDS) {
    for (const socket of sockets) {
      expect(typeof cellText(one.value(socket, source), one)).toBe("string");
    }
  }
});

test.each([
  ["proto", "tcp"],
  ["address", "0.0.0.0:80"],
  ["port", "80"],
  ["reach", "public"],
  ["process", "nginx"],
  ["pid", "900,901,902,903,904"],
  ["user", "root,www-data"],
  ["service", "nginx"],
  ["peer", ""],
  ["local.address", "0.0.0.0"],
  ["owners.comm", "nginx,nginx,nginx,nginx,nginx"],
  ["accept_queue.limit", "511"],
  ["rtt", ""],
  ["info.info.rtt_us", ""],
])("%s is %p", (name, text) => {
  const nginx = sockets.find(({ local }) => "port" in local && local.port === 80)!;
  expect(rawText(field(name).value(nginx, source))).toBe(text);
});

test("a duration has a unit in a table, and is a number of microseconds in a file", () => {
  const unit = { name: "rtt", unit: "us" } as const;
  const times = [250, 1500, 2_000_000, 90_000_000, 7_500_000_000, 90_000_000_000];
  expect(times.map((us) => cellText(us, unit))).toEqual(
    ["250us", "1.5ms", "2s", "1m30s", "2h5m", "1d1h"],
  );
  expect([rawName(unit), rawText(1500)]).toEqual(["rtt_us", "1500"]);
});

describe("--sort", () => {
  const ports = (...keys: [string, boolean][]) =>
    inOrderOf(
      sockets,
      keys.map(([name, descending]) => ({ field: field(name), descending })),
      source,
    ).map(({ local }) => "port" in local ? local.port : 0);

  test("compares numbers as numbers, and goes on with the next key", () => {
    expect(ports(["port", false]).slice(0, 3)).toEqual([22, 22, 53]);
    expect(ports(["port", true])[0]).toBe(51820);
    expect(ports(["reach", false], ["port", true]).slice(0, 2)).toEqual([9000, 5432]);
  });

  test("puts what is missing last, whichever way it goes", () => {
    // dnsmasq, an old program and java are in no unit.
    for (const descending of [false, true]) {
      expect(ports(["service", descending]).slice(-4)).not.toContain(22);
      expect(ports(["service", descending]).slice(-7)).toContain(9200);
    }
  });
});

test("--group-by counts each socket once, the largest group first", () => {
  const groups = groupsOf(sockets, [field("process"), field("reach")], source);
  expect(groups[0]).toEqual({ count: 10, values: [["nginx"], "public"] });
  expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(sockets.length);
  // A listener that two programs hold is counted under both names together.
  expect(groups.map(({ values }) => values[0])).toContainEqual(["java", "sleep"]);
});

describe("text from outside", () => {
  const owner = new Scene().owner(1, 'a b,"\n\x1b[31m\\');
  const hostile: Socket = server("tcp", "0.0.0.0", 1, "public", [owner]);
  const values = [cellText(field("process").value(hostile, source)), "x"];

  test("is quoted in CSV, and escaped in both", () => {
    const text = (format: "csv" | "tsv") =>
      written((out) => writeSeparated(["process", "x"], [values], format, true, out));
    expect(text("csv")).toBe('process,x\n"a b,""\\x0a\\x1b[31m\\\\",x\n');
    expect(text("tsv")).toBe('process\tx\na b,"\\x0a\\x1b[31m\\\\\tx\n');
  });

  test("has no blank in a table but in its last column, and nothing is empty", () => {
    const columns = ["A", "B"].map((header) => ({ header, align: "left" }) as const);
    const text = written((out) =>
      writeColumns(columns, [["a b", "c d"], ["", ""]], out, { header: false, color: false })
    );
    expect(text).toBe("a\\x20b  c d\n-       -\n");
  });
});
