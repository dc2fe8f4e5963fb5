/**
 * The format of recordings, version 1: everything that one run read.
 *
 * Lines of JSON. The first is the header, and the last is a trailer that shows that the file is whole. Each line between them
 * is one entry, in the order of reading:
 *
 * ```
 * {"format":"sockeye.recording","version":1,"program":"0.1.0","taken_at_ms":1790000000000}
 * {"kind":"file","scope":null,"path":"/proc/sys/kernel/hostname","data":"aG9zdAo="}
 * {"kind":"link","scope":null,"path":"/proc/self/ns/pid","errno":13}
 * {"kind":"socket","scope":null,"protocol":4,"port_id":4711}
 * {"kind":"reply","scope":null,"protocol":4,"request":"…","sequence":1,"port_id":4711,"flags":[0,0],"data":["…","…"]}
 * {"kind":"interface","scope":null,"index":2,"name":"eth0"}
 * {"kind":"processes","pids":[1,2]}
 * {"kind":"owners","rows":[pid,tid,fd,inode,cookieLow,cookieHigh,…],"scan":{…},"searched":{…}|null}
 * {"kind":"found","wanted":"web","netns":{…}}
 * {"kind":"visit","scope":4026532000,"entered":true,"gap":null}
 * {"kind":"end","entries":9}
 * ```
 *
 * `scope` is the inode of the network namespace that was being read, `null` outside of any visit. Bytes are base64. The
 * sequence number and port ID of a request are set to 0. If something could not be read, `errno` stands in place of the
 * answer. Keys of TCP MD5 signatures are overwritten with zeros.
 *
 * Files are not trusted: decoding any file ends in a value or a DecodeError, and entries are never more than data.
 *
 * @module
 */
import { DecodeError } from "../../model/decode_error.ts";
import { type Gap, GAP_KINDS } from "../../model/gap.ts";

/** Name and version of the format. */
const RECORDING_FORMAT = "sockeye.recording";
const RECORDING_VERSION = 1;

/** Enough for four times a host with a million sockets. */
export const MAX_RECORDING_BYTES = 1024 * 1024 * 1024;
/** Such a host has fewer files. */
const MAX_ENTRIES = 4_000_000;

/** Inode of the network namespace that was being read; `null` outside of any visit. */
export type NetnsInode = number | null;

/** The bytes, or the negated errno. */
export type Answer = Uint8Array<ArrayBuffer> | number;

/** What the walk over descriptors found besides its rows. */
export interface RecordedScan {
  readonly pids: readonly number[];
  readonly denied: readonly number[];
  /** Absent in recordings of versions that did not tell errors from refusals. */
  readonly errors?: readonly (readonly [pid: number, errno: number])[];
  readonly unlisted: number;
  readonly vanished: number;
  readonly hidden: boolean;
  readonly namespaces: readonly (readonly [inode: number, path: string])[];
  /** Namespaces of sockets; absent in recordings of versions that did not ask sockets. */
  readonly sockets?: readonly (readonly [inode: number, pid: number, fd: number])[];
}

/** One entry. */
export type Entry =
  | {
    readonly kind: "file" | "link";
    readonly scope: NetnsInode;
    readonly path: string;
    readonly answer: Answer;
  }
  | {
    readonly kind: "socket";
    readonly scope: NetnsInode;
    readonly protocol: number;
    /** `null` if no socket could be opened. */
    readonly portId: number | null;
    readonly errno: number | null;
  }
  | {
    readonly kind: "reply";
    readonly scope: NetnsInode;
    readonly protocol: number;
    readonly request: Uint8Array<ArrayBuffer>;
    readonly sequence: number;
    readonly portId: number;
    readonly datagrams: readonly {
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly flags: number;
    }[];
    /** Why receiving ended early; `null` if it did not. */
    readonly errno: number | null;
  }
  | {
    readonly kind: "interface";
    readonly scope: NetnsInode;
    readonly index: number;
    readonly name: string | null;
  }
  | { readonly kind: "processes"; readonly pids: readonly number[] }
  | {
    readonly kind: "owners";
    /** Six numbers a row: pid, tid, fd, inode, low and high word of the cookie. */
    readonly rows: readonly number[];
    readonly cookies: boolean;
    readonly scan: RecordedScan;
    /** After the second, more thorough search; `null` if there was none. */
    readonly searched: RecordedScan | null;
  }
  | {
    readonly kind: "found";
    readonly wanted: string;
    readonly netns: RecordedNamespace;
  }
  | {
    readonly kind: "visit";
    readonly scope: number;
    readonly entered: boolean;
    readonly gap: Gap | null;
  };

/** A namespace that was found. */
interface RecordedNamespace {
  readonly inode: number;
  readonly name: string | null;
  readonly path: string;
  readonly pid: number | null;
  readonly own: boolean;
}

/** A whole recording. */
export interface Recording {
  /** Version of the program that made it. */
  readonly program: string;
  readonly takenAtMs: number;
  readonly entries: readonly Entry[];
}

/** The lines of a recording, each with its newline. */
export function* encodeRecording(recording: Recording): Generator<string> {
  yield line({
    format: RECORDING_FORMAT,
    version: RECORDING_VERSION,
    program: recording.program,
    taken_at_ms: recording.takenAtMs,
  });
  for (const entry of recording.entries) yield line(encodeEntry(entry));
  yield line({ kind: "end", entries: recording.entries.length });
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function encodeEntry(entry: Entry): Record<string, unknown> {
  switch (entry.kind) {
    case "file":
    case "link": {
      const { kind, scope, path, answer } = entry;
      return typeof answer === "number"
        ? { kind, scope, path, errno: -answer }
        : { kind, scope, path, data: answer.toBase64() };
    }
    case "socket":
      return {
        kind: entry.kind,
        scope: entry.scope,
        protocol: entry.protocol,
        port_id: entry.portId,
        errno: entry.errno,
      };
    case "reply":
      return {
        kind: entry.kind,
        scope: entry.scope,
        protocol: entry.protocol,
        request: entry.request.toBase64(),
        sequence: entry.sequence,
        port_id: entry.portId,
        flags: entry.datagrams.map(({ flags }) => flags),
        data: entry.datagrams.map(({ bytes }) => bytes.toBase64()),
        errno: entry.errno,
      };
    default:
      return entry;
  }
}

/** Reads a recording. Throws {@linkcode DecodeError} with the offset of the line. */
export function decodeRecording(text: string): Recording {
  const lines = new Lines(text);
  const header = new Fields(lines.next() ?? fail(0, "it is empty"), 0);
  if (header.get("format") !== RECORDING_FORMAT) fail(0, "this is not a recording of sockeye");
  if (header.get("version") !== RECORDING_VERSION) {
    fail(0, `version ${shown(header.get("version"))} is not known: ${RECORDING_VERSION} is`);
  }
  const program = header.text("program");
  const takenAtMs = header.count("taken_at_ms", 8.64e15);
  const entries: Entry[] = [];
  for (let next = lines.next(); next !== null; next = lines.next()) {
    const fields = new Fields(next, lines.start);
    if (fields.get("kind") === "end") {
      if (fields.count("entries") !== entries.length) {
        fields.fail("the number of entries is another");
      }
      if (lines.next() !== null) fail(lines.start, "something follows the last line");
      return { program, takenAtMs, entries };
    }
    if (entries.length === MAX_ENTRIES) fields.fail(`more than ${MAX_ENTRIES} entries`);
    entries.push(decodeEntry(fields));
  }
  return fail(text.length, "the last line is missing: the file was cut");
}

function decodeEntry(fields: Fields): Entry {
  const kind = fields.get("kind");
  switch (kind) {
    case "file":
    case "link": {
      const errno = fields.errno();
      const answer = errno === null ? fields.bytes("data") : -errno;
      return { kind, scope: fields.scope(), path: fields.text("path"), answer };
    }
    case "socket": {
      const errno = fields.errno();
      const portId = errno === null ? fields.word("port_id") : null;
      return { kind, scope: fields.scope(), protocol: fields.word("protocol"), portId, errno };
    }
    case "reply": {
      const flags = fields.numbers("flags", 0xffff_ffff);
      const data = fields.list("data").map((item) => fields.base64(item, "data"));
      if (flags.length !== data.length) fields.fail("flags and data differ in number");
      return {
        kind,
        scope: fields.scope(),
        protocol: fields.word("protocol"),
        request: fields.bytes("request"),
        sequence: fields.word("sequence"),
        portId: fields.word("port_id"),
        datagrams: data.map((bytes, i) => ({ bytes, flags: flags[i]! })),
        errno: fields.errno(),
      };
    }
    case "interface":
      return {
        kind,
        scope: fields.scope(),
        index: fields.word("index"),
        name: fields.nullable("name", () => fields.text("name")),
      };
    case "processes":
      return { kind, pids: fields.numbers("pids", 0x7fff_ffff) };
    case "owners": {
      const rows = fields.numbers("rows");
      if (rows.length % 6 !== 0) fields.fail("rows are not six numbers each");
      return {
        kind,
        rows,
        cookies: fields.boolean("cookies"),
        scan: scanOf(fields.object("scan")),
        searched: fields.nullable("searched", () => scanOf(fields.object("searched"))),
      };
    }
    case "found":
      return { kind, wanted: fields.text("wanted"), netns: netnsOf(fields.object("netns")) };
    case "visit":
      return {
        kind,
        scope: fields.count("scope"),
        entered: fields.boolean("entered"),
        gap: fields.nullable("gap", () => gapOf(fields.object("gap"))),
      };
    default:
      return fields.fail(`there is no entry of kind ${shown(kind)}`);
  }
}

// A list that recordings of earlier versions lack.
function tuples(fields: Fields, name: string, size: number): readonly (readonly number[])[] {
  if (fields.get(name) === undefined) return [];
  return fields.list(name).map((tuple) => {
    const whole = Array.isArray(tuple) && tuple.length === size &&
      tuple.every((item) => isCount(item));
    if (!whole) fields.fail(`${name} are not ${size} numbers each`);
    return tuple as number[];
  });
}

function scanOf(fields: Fields): RecordedScan {
  return {
    pids: fields.numbers("pids", 0x7fff_ffff),
    denied: fields.numbers("denied", 0x7fff_ffff),
    errors: tuples(fields, "errors", 2) as unknown as [number, number][],
    sockets: tuples(fields, "sockets", 3) as unknown as [number, number, number][],
    unlisted: fields.count("unlisted"),
    vanished: fields.count("vanished"),
    hidden: fields.boolean("hidden"),
    namespaces: fields.list("namespaces").map((pair) => {
      const [inode, path] = Array.isArray(pair) ? pair : [];
      if (!isCount(inode) || typeof path !== "string") fields.fail("namespaces are not pairs");
      return [inode as number, path as string];
    }),
  };
}

function netnsOf(fields: Fields): RecordedNamespace {
  return {
    inode: fields.count("inode"),
    name: fields.nullable("name", () => fields.text("name")),
    path: fields.text("path"),
    pid: fields.nullable("pid", () => fields.count("pid", 0x7fff_ffff)),
    own: fields.boolean("own"),
  };
}

function gapOf(fields: Fields): Gap {
  const kind = GAP_KINDS.find((known) => known === fields.get("kind"));
  if (kind === undefined) {
    return fields.fail(`there is no gap of kind ${shown(fields.get("kind"))}`);
  }
  const detail: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(fields.object("detail").value)) {
    if (typeof value !== "string" && typeof value !== "number") fields.fail("detail is not plain");
    // The gap itself has these keys in JSON.
    if (key !== "kind" && key !== "reason") detail[key] = value as string | number;
  }
  return { kind, reason: fields.text("reason"), detail };
}

function isCount(value: unknown, most = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 40);
}

function fail(offset: number, problem: string): never {
  throw new DecodeError("the recording", offset, problem);
}

/** Gives the lines of a text one by one, without splitting it as a whole. */
class Lines {
  readonly #text: string;
  #at = 0;
  /** Offset of the last line. */
  start = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string | null {
    if (this.#at >= this.#text.length) return null;
    this.start = this.#at;
    const end = this.#text.indexOf("\n", this.#at);
    const line = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return line;
  }
}

/** The fields of one JSON object, each read as the type that it must have. */
class Fields {
  readonly value: Readonly<Record<string, unknown>>;
  readonly #offset: number;

  constructor(source: string | Readonly<Record<string, unknown>>, offset: number) {
    this.#offset = offset;
    let value: unknown = source;
    if (typeof source === "string") {
      try {
        value = JSON.parse(source);
      } catch {
        this.fail("it is not JSON");
      }
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.fail("it is not an object");
    }
    this.value = value as Readonly<Record<string, unknown>>;
  }

  fail(problem: string): never {
    return fail(this.#offset, problem);
  }

  get(name: string): unknown {
    return Object.hasOwn(this.value, name) ? this.value[name] : undefined;
  }

  text(name: string): string {
    const value = this.get(name);
    return typeof value === "string" ? value : this.fail(`${name} is not text`);
  }

  boolean(name: string): boolean {
    const value = this.get(name);
    return typeof value === "boolean" ? value : this.fail(`${name} is neither true nor false`);
  }

  count(name: string, most?: number): number {
    const value = this.get(name);
    return isCount(value, most) ? value : this.fail(`${name} is not a count: ${shown(value)}`);
  }

  word(name: string): number {
    return this.count(name, 0xffff_ffff);
  }

  scope(): NetnsInode {
    return this.nullable("scope", () => this.count("scope"));
  }

  /** `null` if absent. Error numbers of the kernel go up to 4095. */
  errno(): number | null {
    const value = this.get("errno") ?? null;
    if (value === null) return null;
    return isCount(value, 4095) && value > 0 ? value : this.fail("errno is not an error number");
  }

  nullable<T>(name: string, read: () => T): T | null {
    return this.get(name) === null ? null : read();
  }

  object(name: string): Fields {
    const value = this.get(name);
    if (typeof value !== "object" || value === null) return this.fail(`${name} is not an object`);
    return new Fields(value as Readonly<Record<string, unknown>>, this.#offset);
  }

  list(name: string): readonly unknown[] {
    const value = this.get(name);
    return Array.isArray(value) ? value : this.fail(`${name} is not a list`);
  }

  numbers(name: string, most?: number): readonly number[] {
    const list = this.list(name);
    for (const item of list) {
      if (!isCount(item, most)) this.fail(`${name} holds ${shown(item)}, which is not a count`);
    }
    return list as readonly number[];
  }

  bytes(name: string): Uint8Array<ArrayBuffer> {
    return this.base64(this.get(name), name);
  }

  base64(value: unknown, name: string): Uint8Array<ArrayBuffer> {
    if (typeof value !== "string") return this.fail(`${name} is not base64`);
    try {
      return Uint8Array.fromBase64(value);
    } catch {
      return this.fail(`${name} is not base64`);
    }
  }
}
