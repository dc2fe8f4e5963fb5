/**
 * The order that --sort asks for.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import type { Field, FieldSource, FieldValue } from "./field.ts";

/** A field to sort by. */
export interface SortKey {
  readonly field: Field;
  readonly descending: boolean;
}

/** The sockets in the order of the keys, the first of which decides first. What is missing comes last, whichever way it goes. */
export function inOrderOf(
  sockets: readonly Socket[],
  keys: readonly SortKey[],
  source: FieldSource,
): Socket[] {
  const decorated = sockets.map((socket) => ({
    socket,
    values: keys.map(({ field }) => comparable(field.value(socket, source))),
  }));
  decorated.sort((a, b) => {
    for (let i = 0; i < keys.length; i++) {
      const order = compare(a.values[i]!, b.values[i]!, keys[i]!.descending);
      if (order !== 0) return order;
    }
    return 0;
  });
  return decorated.map(({ socket }) => socket);
}

type Comparable = string | number | null;

function comparable(value: FieldValue): Comparable {
  if (value === null) return null;
  if (typeof value === "object") return value.length === 0 ? null : comparable(value[0]!);
  return typeof value === "boolean" ? Number(value) : value;
}

function compare(a: Comparable, b: Comparable, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a) < String(b)
    ? -1
    : Number(String(a) > String(b));
  return descending ? -order : order;
}
