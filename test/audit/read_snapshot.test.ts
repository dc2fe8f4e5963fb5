import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InputError } from "../../src/snapshot/input.ts";
import { readSnapshot } from "../../src/audit/read_snapshot.ts";
import { owner, PROCESSES_GAP, snapshot, socket } from "./documents.ts";
import { runs } from "../support/runs.ts";

const good = snapshot([socket("0.0.0.0", 22), socket("::", 53, { transport: "udp" })], [
  PROCESSES_GAP,
]);

/** The good document with the value at a path replaced. */
function broken(path: string, value: unknown): string {
  const copy = JSON.parse(JSON.stringify(good));
  const keys = path.split(".");
  const last = keys.pop()!;
  const target = keys.reduce((at, key) => at[key], copy);
  if (value === undefined) delete target[last];
  else target[last] = value;
  return JSON.stringify(copy);
}

describe("readSnapshot()", () => {
  test("gives back what was written", () => {
    expect(readSnapshot(JSON.stringify(good), "a.json")).toEqual(good);
  });

  test("passes over keys of later versions", () => {
    const later = JSON.stringify({ ...good, weather: "fine" });
    expect(readSnapshot(later, "a.json").sockets).toHaveLength(2);
  });

  test.each<[string, RegExp]>([
    ["", /^a\.json: not JSON .*expected what sockeye snapshot prints$/],
    ["[]", /^a\.json: schema is missing$/],
    ["{}", /^a\.json: schema is missing$/],
    [
      broken("schema", "sockeye.snapshot/9"),
      /^a\.json: schema: expected .*\/1", got "sockeye.snapshot\/9"$/,
    ],
    [broken("sockets", undefined), /^a\.json: sockets is missing$/],
    [
      broken("sockets.0.local.port", -5),
      /^a\.json: sockets\.0\.local\.port: expected 0 or more, got -5$/,
    ],
    [broken("sockets.1.owners.0.pid", -1), /sockets\.1\.owners\.0\.pid: expected 0 or more/],
    [broken("sockets.0.state", "x".repeat(500)), /^.{0,400}, got "x{56}…$/],
    [broken("taken_at", "yesterday"), /taken_at: expected a time such as/],
  ])("says what is wrong, case %#", (text, message) => {
    expect(() => readSnapshot(text, "a.json")).toThrow(message);
    expect(() => readSnapshot(text, "a.json")).toThrow(InputError);
  });

  test("keeps a hostile key out of every object's prototype", () => {
    const text = JSON.stringify(good).replace(
      '"sockets":[',
      '"__proto__":{"polluted":1},"sockets":[',
    );
    readSnapshot(text, "a.json");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("any text gives a snapshot or an InputError", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({
        schema: fc.constant("sockeye.snapshot/1"),
        host: fc.oneof(fc.constant(good.host), fc.anything()),
        taken_at: fc.constant(good.taken_at),
        complete: fc.boolean(),
        gaps: fc.constant([]),
        sockets: fc.array(fc.oneof(
          fc.constant(socket("::", 1)),
          fc.record({
            ...constants(socket("::", 1)),
            owners: fc.array(fc.oneof(fc.constant(owner()), fc.object())),
          }),
          fc.object(),
        )),
      }).map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        try {
          readSnapshot(text, "f");
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      runs(300),
    );
  });
});

function constants<T extends object>(value: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, fc.constant(part)]),
  ) as { [K in keyof T]: fc.Arbitrary<T[K]> };
}
