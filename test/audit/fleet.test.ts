import { describe, expect, test } from "bun:test";
import { fleetJson, joinFleet } from "../../src/audit/fleet.ts";
import { fleetTable } from "../../src/audit/fleet_text.ts";
import { snapshot, socket } from "./documents.ts";

const NOW = Date.parse("2026-05-01T00:00:00Z");
const taken = (taken_at: string, port: number) => ({
  ...snapshot([socket("127.0.0.1", port)]),
  taken_at,
});

describe("joinFleet()", () => {
  const old = taken("2026-03-01T00:00:00.000Z", 1);
  const newer = taken("2026-04-01T00:00:00.000Z", 2);
  const future = taken("2099-01-01T00:00:00.000Z", 3);

  test("of several snapshots of one boot the newest counts, and one from the future does not", () => {
    for (const documents of [[old, newer, future], [future, newer, old], [newer, future, old]]) {
      const fleet = joinFleet(documents, NOW);
      expect(fleet.hosts.map(({ takenAt, future }) => [takenAt, future])).toEqual([
        [newer.taken_at, false],
      ]);
      expect([fleet.superseded, fleet.fromFuture]).toEqual([2, 1]);
      const text = fleetTable(fleet, false);
      expect(text).toContain("1 older snapshot left out; 1 snapshot dated in the future left out");
    }
  });

  test("one from the future that has no rival is shown, and told", () => {
    const fleet = joinFleet([future], NOW);
    expect(fleet.hosts.map(({ future }) => future)).toEqual([true]);
    expect(fleetTable(fleet, false)).toContain("dated in the future: web1");
    expect(JSON.parse(fleetJson(fleet))).toMatchObject({
      from_future: 0,
      hosts: [{ future: true }],
    });
    // Clocks differ a little.
    expect(joinFleet([old], Date.parse(old.taken_at) - 60_000).hosts[0]!.future).toBe(false);
  });
});
