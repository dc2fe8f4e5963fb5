/**
 * Tests that need something a machine may lack: they run, or they are counted as skipped with the reason. Never silently.
 *
 * What shows only while a test runs is written as a line of JSON to the file that SOCKEYE_SKIPPED names; the gate reads it,
 * since the test runner itself counts such a test as passed.
 *
 * @module
 */
import { describe, test } from "bun:test";
import { appendFileSync } from "node:fs";

/** What a line about a skipped test starts with. */
export const SKIP_PREFIX = "skipped:";

/** A line of the file that SOCKEYE_SKIPPED names. */
export interface SkippedAtRunTime {
  readonly name: string;
  readonly reason: string;
  /** Only a part of a test could not run: the test itself counts as passed. */
  readonly part: boolean;
}

/** Thrown by {@linkcode skip}. A test that was not registered by {@linkcode testIf} fails with it. */
class SkipSignal extends Error {}

/**
 * Registers a test, or, when there is a reason against it, registers it as skipped with the reason in its name. The test may
 * still call {@linkcode skip}.
 *
 * @param reason Why the test cannot run here; `null` when it can.
 */
export function testIf(
  reason: string | null,
  name: string,
  fn: () => unknown,
  timeoutMs?: number,
): void {
  if (reason !== null) {
    say(name, reason);
    test.skip(`${name} [skipped: ${reason}]`, () => {});
    return;
  }
  test(name, async () => {
    try {
      await fn();
    } catch (error) {
      if (!(error instanceof SkipSignal)) throw error;
      record({ name, reason: error.message, part: false });
    }
  }, timeoutMs);
}

/** Registers a group of tests, or, when there is a reason against it, registers them as skipped with the reason. */
export function describeIf(reason: string | null, name: string, fn: () => void): void {
  if (reason === null) {
    describe(name, fn);
    return;
  }
  say(name, reason);
  describe.skip(`${name} [skipped: ${reason}]`, fn);
}

/** Ends a test of {@linkcode testIf}, which then counts as skipped. For reasons that show only while it runs. */
export function skip(reason: string): never {
  throw new SkipSignal(reason);
}

/** Counts a part of a test as skipped, beside the test itself, which goes on. */
export function skipPart(name: string, reason: string): void {
  record({ name, reason, part: true });
}

/** The first reason of several, for a test that needs all of them; `null` when there is none. */
export function firstReason(...reasons: readonly (string | null)[]): string | null {
  return reasons.find((reason) => reason !== null) ?? null;
}

function record(skipped: SkippedAtRunTime): void {
  say(skipped.name, skipped.reason);
  const file = process.env.SOCKEYE_SKIPPED;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(skipped)}\n`);
}

function say(name: string, reason: string): void {
  console.log(`${SKIP_PREFIX} ${name}: ${reason}`);
}
