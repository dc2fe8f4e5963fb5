/**
 * Reads a snapshot from a file. The file is not trusted: one that is no snapshot is refused with the place and what is wanted
 * there.
 *
 * @module
 */
import * as v from "valibot";
import { OWNERSHIPS } from "../model/owner.ts";
import { FAMILIES, SCOPES, TRANSPORTS } from "../model/socket.ts";
import { STATES } from "../model/state.ts";
import { SNAPSHOT_SCHEMA } from "../views/json.ts";
import type { SnapshotDocument } from "../snapshot/document.ts";
import { InputError } from "../snapshot/input.ts";

const count = v.pipe(v.number("a number"), v.integer("an integer"), v.minValue(0, "0 or more"));
const port = v.pipe(count, v.maxValue(65535, "a port, 0 to 65535"));
const text = v.string("a string");
const maybe = <T extends v.GenericSchema>(schema: T) => v.nullable(schema);

// Unknown keys are ignored, because a later version of this program may write more.
const endpoint = v.looseObject({
  address: v.optional(maybe(text)),
  // Ports of vsock have 32 bits.
  port: v.optional(maybe(v.pipe(count, v.maxValue(0xffffffff, "0 to 4294967295")))),
  interface: v.optional(maybe(text)),
  path: v.optional(maybe(text)),
  name: v.optional(maybe(text)),
  mode: v.optional(v.pipe(text, v.regex(/^[0-7]{4}$/, "permissions such as 0666"))),
  open_to_others: v.optional(v.boolean("true or false")),
}, "an object");

const owner = v.object({
  pid: v.pipe(count, v.minValue(1, "1 or more")),
  fds: v.array(count, "a list of numbers"),
  comm: maybe(text),
  exe: maybe(text),
  exe_deleted: maybe(v.boolean("true or false")),
  cmdline: maybe(v.array(text, "a list of strings")),
  ppid: maybe(count),
  uid: maybe(count),
  user: maybe(text),
  start_time: maybe(text),
  unit: maybe(text),
  container: maybe(
    v.object({
      id: text,
      runtime: maybe(text),
      name: maybe(text),
      image: v.optional(maybe(text)),
    }, "an object"),
  ),
}, "an object");

const socket = v.object({
  netns: maybe(v.object({ inode: count, name: maybe(text) }, "an object")),
  family: v.picklist(FAMILIES, `one of ${FAMILIES.join(", ")}`),
  transport: v.picklist(TRANSPORTS, `one of ${TRANSPORTS.join(", ")}`),
  protocol: maybe(count),
  state: v.picklist(STATES, `one of ${STATES.join(", ")}`),
  local: endpoint,
  peer: maybe(endpoint),
  v6only: maybe(v.boolean("true or false")),
  uid: maybe(count),
  inode: maybe(count),
  accept_queue: maybe(v.object({ length: count, limit: maybe(count) }, "an object")),
  receive_buffer: v.optional(
    maybe(v.object({ length: count, limit: maybe(count) }, "an object")),
  ),
  drops: v.optional(maybe(count)),
  ownership: v.picklist(OWNERSHIPS, `one of ${OWNERSHIPS.join(", ")}`),
  owners: v.array(owner, "a list"),
  reach: v.object({
    scope: v.picklist(SCOPES, `one of ${SCOPES.join(", ")}`),
    reasons: v.array(text, "a list of strings"),
  }, "an object"),
}, "an object");

const snapshot = v.object({
  schema: v.literal(SNAPSHOT_SCHEMA, `"${SNAPSHOT_SCHEMA}"`),
  host: v.object({
    name: text,
    boot_id: maybe(text),
    kernel: text,
    netns: maybe(count),
    ephemeral_ports: maybe(v.object({ first: port, last: port }, "an object")),
  }, "an object"),
  taken_at: v.pipe(text, v.isoTimestamp("a time such as 2026-01-31T12:00:00.000Z")),
  complete: v.boolean("true or false"),
  gaps: v.array(
    v.looseObject({ kind: text, reason: text }, "an object"),
    "a list",
  ),
  sockets: v.array(socket, "a list"),
}, "an object");

/** Reads the snapshot in a text. `name` is the name of the file. Throws {@linkcode InputError}. */
export function readSnapshot(source: string, name: string): SnapshotDocument {
  let data: unknown;
  try {
    data = JSON.parse(source);
  } catch (error) {
    throw new InputError(
      `${name}: not JSON (${(error as Error).message}): expected what sockeye snapshot prints`,
    );
  }
  const result = v.safeParse(snapshot, data, { abortEarly: true });
  if (result.success) return result.output as SnapshotDocument;
  const issue = result.issues[0];
  throw new InputError(`${name}: ${describe(issue)}`);
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "the document";
  if (issue.kind === "schema" && issue.input === undefined) return `${path} is missing`;
  // For a missing key the library has its own message.
  const wanted = issue.message.startsWith("Invalid key") ? "the key" : issue.message;
  return `${path}: expected ${wanted}, got ${preview(issue.input)}`;
}

/** The beginning of a value as text. */
function preview(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value) ? "a list" : "an object";
  }
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
}
