/**
 * The text of a value, with units where a number has one.
 *
 * @module
 */
import type { Field, FieldValue } from "./field.ts";

/** As it stands in a table; empty for what is missing, and for a list without members. */
export function cellText(value: FieldValue, { unit }: Pick<Field, "unit"> = {}): string {
  if (value === null) return "";
  if (typeof value === "object") return value.map(String).join(",");
  return typeof value === "number" && unit === "us" ? durationText(value) : String(value);
}

/** As it stands in a file for programs, where a unit is part of the name of its column. */
export function rawText(value: FieldValue): string {
  return cellText(value);
}

/** `250us`, `1.5ms`, `3s`, `2h5m`. */
function durationText(us: number): string {
  if (us < 1000) return `${us}us`;
  if (us < 1_000_000) return `${Number((us / 1000).toFixed(1))}ms`;
  const seconds = Math.floor(us / 1_000_000);
  if (seconds < 60) return `${seconds}s`;
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days}d${hours}h`;
  return hours > 0 ? `${hours}h${minutes}m` : `${minutes}m${seconds % 60}s`;
}

/** The name of a column in a file for programs. */
export function rawName({ name, unit }: Pick<Field, "name" | "unit">): string {
  return unit === "us" ? `${name}_us` : name;
}
