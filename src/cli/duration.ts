/**
 * Durations as they are typed: `500ms`, `30s`, `2m`, `1h`, `1.5` for seconds.
 *
 * @module
 */
import { UsageError } from "./usage_error.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** Longer than anybody waits, and short enough for every timer. */
const MOST_MS = 1_000_000_000;

/** The duration in milliseconds, above 0. `flag` is named in the {@linkcode UsageError} for anything else. */
export function parseDuration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const ms = match === null ? 0 : Number(match[1]) * UNITS[match[2] ?? "s"]!;
  if (ms > 0 && ms <= MOST_MS) return ms;
  throw new UsageError(`${flag} ${text}: expected a duration such as 500ms, 30s, 2m or 1h`);
}

/** As {@linkcode parseDuration}, or 0, which looks once. */
export function parseTimeout(flag: string, text: string): number {
  return /^0+(\.0+)?(ms|s|m|h)?$/.test(text) ? 0 : parseDuration(flag, text);
}
