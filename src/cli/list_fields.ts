/**
 * ListFields: the columns, keys and groups that the command line names.
 *
 * @module
 */
import type { FieldChoice } from "../commands/field_list.ts";
import { nearest } from "../text/nearest.ts";
import { type Field, fieldNamed, fieldNames, FIELDS } from "../views/fields/field.ts";
import type { ListOptions } from "./list_options.ts";
import { UsageError } from "./usage_error.ts";

/** Columns of `wide`. */
const WIDE = [
  ...["netns", "proto", "state", "recv_queue", "send_queue", "address", "peer", "reach", "user"],
  ...["service", "uid", "inode", "owners"],
];

/** Columns of CSV and TSV. */
const SEPARATED = [...WIDE.slice(0, -1), "process", "pid"];

/** Looks the names up. Throws {@linkcode UsageError}. */
export function listFields(options: ListOptions): FieldChoice {
  const { columns, sort, count, groupBy, format } = options;
  const counts = count || groupBy.length > 0;
  const isJson = format === "json" || format === "ndjson";
  if (columns !== null && (isJson || counts)) {
    throw new UsageError(
      isJson
        ? `--columns has no meaning with ${format}, which has everything: leave one of them out`
        : "--columns and a count contradict each other: give one of them",
    );
  }
  const named = columns?.split(",").map((name) => fieldFor("columns", name)) ?? null;
  return {
    columns: named ??
      (isJson || format === "text"
        ? null
        : (format === "wide" ? WIDE : SEPARATED).map((name) => fieldNamed(name)!)),
    sort: sort.map((key) => ({
      field: fieldFor("sort", key.replace(/^-/, "")),
      descending: key.startsWith("-"),
    })),
    groups: counts ? groupBy.map((name) => fieldFor("group-by", BY_GROUP[name] ?? name)) : null,
  };
}

/** Whoever counts by peers means their addresses. */
const BY_GROUP: Readonly<Record<string, string>> = { peer: "host" };

function fieldFor(flag: string, name: string): Field {
  const field = fieldNamed(name);
  if (field !== undefined) return field;
  const meant = nearest(name.toLowerCase(), fieldNames());
  throw new UsageError(
    `--${flag} ${name === "" ? JSON.stringify(name) : name}: there is no such column${
      meant === undefined ? "; --columns help lists them" : `: did you mean ${meant}?`
    }`,
  );
}

/** The columns that people have names for. */
export function columnNames(): string[] {
  return FIELDS.filter(({ summary }) => summary !== "as in the JSON").map(({ name }) => name);
}

/** The text of `--columns help`. */
export function columnsHelp(): string {
  const named = FIELDS.filter(({ name, summary }) =>
    summary !== "as in the JSON" && name !== "info"
  );
  const width = Math.max(...named.map(({ name }) => name.length));
  const paths = FIELDS.filter((field) => !named.includes(field)).map(({ name }) => name);
  return `Columns, keys to sort by and to group by:

${named.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n")}

As in the JSON:

${wrapped(paths)}

Below info stands everything that the kernel tells of a socket, such as
info.info.rtt_us: sockeye -a --info --json shows what there is.
`;
}

function wrapped(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > 76) lines.push(`  ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}
