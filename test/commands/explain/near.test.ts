/**
 * Ports that one may take for another.
 */
import { expect, test } from "bun:test";
import { isNearPort } from "../../../src/commands/explain/near.ts";

test("ports are near by a small difference, one digit, or two that changed places", () => {
  for (
    const [one, other] of [[8080, 8079], [8080, 8090], [3000, 300], [80, 8], [5432, 5423], [
      99,
      100,
    ], [443, 8443]] as const
  ) {
    expect([one, other, isNearPort(one, other)]).toEqual([one, other, true]);
    expect([other, one, isNearPort(other, one)]).toEqual([other, one, true]);
  }
  for (
    const [one, other] of [[8080, 8080], [80, 8080], [5432, 3306], [22, 80], [1234, 4321]] as const
  ) {
    expect([one, other, isNearPort(one, other)]).toEqual([one, other, false]);
  }
});
