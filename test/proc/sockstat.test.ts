/**
 * Counters that tell an empty table beforehand.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Sockstat } from "../../src/proc/sockstat.ts";

const SOCKSTAT = "sockets: used 2\nTCP: inuse 0 orphan 0 tw 1 alloc 9 mem 0\nUDP: inuse 0 mem 3\n";
const SOCKSTAT6 = "TCP6: inuse 0\nUDP6: inuse 4\n";

test("a table is empty when all of its counters are there and zero", () => {
  const sockstat = new Sockstat(SOCKSTAT, SOCKSTAT6);
  expect(sockstat.isEmpty(["UDP inuse"])).toBe(true);
  expect(sockstat.isEmpty(["UDP6 inuse"])).toBe(false);
  expect(sockstat.isEmpty(["TCP inuse", "TCP tw"])).toBe(false);
  expect(sockstat.isEmpty(["sockets used"])).toBe(false);
});

test("nothing is taken for empty that was not counted", () => {
  expect(new Sockstat(SOCKSTAT, "").isEmpty(["TCP6 inuse"])).toBe(false);
  expect(new Sockstat(SOCKSTAT, SOCKSTAT6).isEmpty([])).toBe(false);
  expect(new Sockstat("UDP: inuse x", "").isEmpty(["UDP inuse"])).toBe(false);
});
