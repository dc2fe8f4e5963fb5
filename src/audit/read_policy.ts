/**
 * Reads a policy. Errors name the file, the line, the key, and what is wanted there.
 *
 * @module
 */
import type { PortRange } from "../model/port_range.ts";
import * as v from "valibot";
import { parseAddress } from "../model/endpoint.ts";
import { InputError } from "../snapshot/input.ts";
import { DEFAULT_SETTINGS, type Policy, type PolicyEntry, type PolicySettings } from "./policy.ts";
import { type EntryInput, KEYS, type PolicyInput, policySchema } from "./policy_schema.ts";
import { lineOf, parseTree, plain, type Tree } from "./policy_tree.ts";

type Path = readonly (string | number)[];

/** Reads the policy in a text. `file` is the name of the file. Throws {@linkcode InputError}. */
export function readPolicy(text: string, file: string): Policy {
  const tree = parseTree(text, file);
  const result = v.safeParse(policySchema, plain(tree));
  if (!result.success) {
    const [first, ...more] = result.issues.map((issue) => describe(issue, tree, file));
    throw new InputError(more.length === 0 ? first! : `${first} (and ${more.length} more)`);
  }
  const reader = new Reader(tree, file);
  return reader.policy(result.output);
}

function describe(issue: v.BaseIssue<unknown>, tree: Tree, file: string): string {
  const path: Path = (issue.path ?? []).map((item) => item.key as string | number);
  const at = `${file}:${lineOf(tree, path)}: `;
  const name = keyName(path);
  if (issue.expected === "never") {
    const known = keysAt(path);
    const given = String(path.at(-1));
    const near = known.find((key) =>
      key.startsWith(given) || given.startsWith(key) || similar(key, given)
    );
    const hint = near === undefined ? `there are ${known.join(", ")}` : `did you mean ${near}?`;
    return `${at}${name}: there is no such key: ${hint}`;
  }
  if (issue.received === "undefined") return `${at}${name} is missing`;
  return `${at}${name}: expected ${issue.message}, got ${preview(issue.input)}`;
}

/** A path as text: `listeners[2].port`, or `the policy` for the root. */
function keyName(path: Path): string {
  let name = "";
  for (const key of path) {
    name += typeof key === "number" ? `[${key}]` : name === "" ? key : `.${key}`;
  }
  return name === "" ? "the policy" : name;
}

function keysAt(path: Path): readonly string[] {
  if (path.length === 1) return KEYS.top;
  if (path[0] === "settings") return KEYS.settings;
  return path.length === 3 ? KEYS.entry : KEYS.container;
}

/** True for words that differ in one letter, or in the order of two. */
function similar(a: string, b: string): boolean {
  if (a.length === b.length) {
    const differing = [...a].filter((letter, i) => letter !== b[i]).length;
    return differing === 1 || differing === 2 && [...a].sort().join() === [...b].sort().join();
  }
  const [long, short] = a.length > b.length ? [a, b] : [b, a];
  return long.length - short.length === 1 &&
    [...long].some((_, i) => long.slice(0, i) + long.slice(i + 1) === short);
}

function preview(value: unknown): string {
  if (value === null) return "nothing";
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "a map";
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
}

/** Turns the content of a file that fits the schema into a policy, and checks what a schema cannot. */
class Reader {
  readonly #tree: Tree;
  readonly #file: string;

  constructor(tree: Tree, file: string) {
    this.#tree = tree;
    this.#file = file;
  }

  policy({ settings, listeners }: PolicyInput): Policy {
    const names = new Map<string, number>();
    const entries = listeners.map((entry, i) => {
      const read = this.#entry(entry, i);
      const earlier = names.get(read.name);
      if (earlier !== undefined) {
        this.#fail(
          ["listeners", i, "name"],
          `"${read.name}" is taken by the entry of line ${earlier}`,
        );
      }
      names.set(read.name, read.line);
      return read;
    });
    return { file: this.#file, settings: readSettings(settings), entries };
  }

  #entry(entry: EntryInput, index: number): PolicyEntry {
    const path: Path = ["listeners", index];
    const ports = entry.port === undefined
      ? null
      : list(entry.port).flatMap((port, i) =>
        this.#ports(port, [...path, "port", ...(Array.isArray(entry.port) ? [i] : [])])
      );
    for (const [i, address] of list(entry.address ?? []).entries()) {
      if (parseAddress(address) === undefined) {
        this.#fail(
          [...path, "address", ...(Array.isArray(entry.address) ? [i] : [])],
          `expected an IPv4 or IPv6 address, got ${preview(address)}`,
        );
      }
    }
    // The schema's isoDate allows February 31st.
    if (entry.expires !== undefined) {
      const day = new Date(`${entry.expires}T00:00:00Z`);
      if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== entry.expires) {
        this.#fail([...path, "expires"], `there is no such day: ${preview(entry.expires)}`);
      }
    }
    if (
      entry.kernel &&
      (entry.exe ?? entry.unit ?? entry.user_unit ?? entry.user ?? entry.container) !== undefined
    ) {
      this.#fail([...path, "kernel"], "what the kernel holds has no exe, unit, user or container");
    }
    const { container } = entry;
    return {
      name: entry.name ?? `listeners[${index}]`,
      line: lineOf(this.#tree, path),
      required: entry.expect === "required",
      transports: listOrNull(entry.transport),
      ports: ports === null ? null : ports.filter((port) => port !== "ephemeral"),
      ephemeral: ports?.includes("ephemeral") ?? false,
      family: entry.family ?? null,
      addresses: listOrNull(entry.address),
      interfaces: listOrNull(entry.interface),
      reach: entry.reach ?? null,
      netns: entry.netns ?? "host",
      paths: listOrNull(entry.path),
      protocols: listOrNull(entry.protocol),
      exes: listOrNull(entry.exe),
      units: listOrNull(entry.unit),
      userUnits: listOrNull(entry.user_unit),
      users: listOrNull(entry.user)?.map(String) ?? null,
      container: container === undefined ? null : {
        name: listOrNull(container.name),
        image: listOrNull(container.image),
        runtime: listOrNull(container.runtime),
      },
      kernel: entry.kernel ?? false,
      reason: entry.reason ?? null,
      expires: entry.expires ?? null,
    };
  }

  #ports(port: number | string, path: Path): (PortRange | "ephemeral")[] {
    if (port === "ephemeral") return [port];
    const [first, last = first] = String(port).split("-").map(Number) as [number, number?];
    if (first > 65535 || last > 65535) {
      this.#fail(path, `expected a port up to 65535, got ${preview(port)}`);
    }
    if (first > last) this.#fail(path, `the range ${preview(port)} runs backwards`);
    return [{ first, last }];
  }

  #fail(path: Path, problem: string): never {
    throw new InputError(
      `${this.#file}:${lineOf(this.#tree, path)}: ${keyName(path)}: ${problem}`,
    );
  }
}

function readSettings(settings: PolicyInput["settings"]): PolicySettings {
  return {
    check: settings?.check === undefined ? DEFAULT_SETTINGS.check : new Set(settings.check),
    undecidable: settings?.undecidable ?? DEFAULT_SETTINGS.undecidable,
    ephemeralUdp: settings?.ephemeral_udp ?? DEFAULT_SETTINGS.ephemeralUdp,
    unseenHolders: settings?.unseen_holders ?? DEFAULT_SETTINGS.unseenHolders,
    unseenParts: settings?.unseen_parts ?? DEFAULT_SETTINGS.unseenParts,
  };
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

function listOrNull<T>(value: T | readonly T[] | undefined): readonly T[] | null {
  return value === undefined ? null : list(value);
}
