/**
 * Tests that need something a machine may lack: they run, or they are listed as skipped with the reason. Never silently.
 *
 * @module
 */
import { test } from "bun:test";

/** What a line about a skipped test starts with; a gate collects these lines. */
export const SKIP_PREFIX = "skipped:";

/**
 * Registers a test, or, when there is a reason against it, registers it as skipped with the reason in its name.
 *
 * @param reason Why the test cannot run here; `null` when it can.
 */
export function testIf(
  reason: string | null,
  name: string,
  fn: () => void | Promise<void>,
  timeoutMs?: number,
): void {
  if (reason === null) {
    test(name, fn, timeoutMs);
    return;
  }
  reportSkip(name, reason);
  test.skip(`${name} [skipped: ${reason}]`, fn);
}

/** The first reason of several, for a test that needs all of them; `null` when there is none. */
export function firstReason(...reasons: readonly (string | null)[]): string | null {
  return reasons.find((reason) => reason !== null) ?? null;
}

/** Prints that a test, or a part of one, could not run and why. For what only shows while the test runs. */
export function reportSkip(name: string, reason: string): void {
  console.log(`${SKIP_PREFIX} ${name}: ${reason}`);
}
