/**
 * Groups: how many sockets have the same values, for --count and --group-by.
 *
 * @module
 */
import type { Snapshot } from "../../model/snapshot.ts";
import type { Socket } from "../../model/socket.ts";
import type { Sockets } from "../../model/sockets.ts";
import { headerJson } from "../json.ts";
import { cellText } from "./cell_text.ts";
import type { Field, FieldSource, FieldValue } from "./field.ts";

/** Sockets with the same values. */
interface Group {
  readonly count: number;
  /** One for each field. */
  readonly values: readonly FieldValue[];
}

/** Name and version of the format. */
const COUNT_SCHEMA = "sockeye.count/1";

/** Counts sockets by fields: the largest group comes first, then by the text of its values. */
export function groupsOf(
  sockets: Iterable<Socket>,
  fields: readonly Field[],
  source: FieldSource,
): Group[] {
  const groups = new Map<string, { count: number; values: FieldValue[] }>();
  for (const socket of sockets) {
    const values = fields.map((field) => field.value(socket, source));
    const key = JSON.stringify(values);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { count: 1, values });
    else known.count++;
  }
  const text = ({ values }: Group) => values.map((value) => cellText(value)).join("\0");
  return [...groups.values()].sort((a, b) =>
    b.count - a.count || (text(a) < text(b) ? -1 : Number(text(a) > text(b)))
  );
}

/** The rows of a table: the count, then the values. */
export function groupRows(groups: readonly Group[], fields: readonly Field[]): string[][] {
  return groups.map(({ count, values }) => [
    String(count),
    ...values.map((value, i) => cellText(value, fields[i])),
  ]);
}

/** The counts as JSON: see schema/count-1.json. */
export function groupsJson(
  snapshot: Snapshot<Sockets>,
  groups: readonly Group[],
  fields: readonly Field[],
): Record<string, unknown> & { readonly groups: readonly Record<string, unknown>[] } {
  const { schema: _, ...header } = headerJson(snapshot);
  return {
    schema: COUNT_SCHEMA,
    ...header,
    total: snapshot.sockets.length,
    groups: groups.map(({ count, values }) => ({
      count,
      values: Object.fromEntries(fields.map(({ name }, i) => [name, values[i]])),
    })),
  };
}
