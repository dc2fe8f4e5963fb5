/**
 * Parses the text of a policy in YAML, JSON or TOML to a tree in which every key and value knows its line.
 *
 * The plain values that the libraries offer are not used: in one they have no lines, and in the other a key `__proto__`
 * changes the prototype. Here maps are Map objects, so no key is special.
 *
 * @module
 */
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import {
  CORE_SCHEMA,
  type Event,
  EVENT_ID,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from "js-yaml";
import { InputError } from "../snapshot/input.ts";
import { jsonFault } from "./json_fault.ts";

/** A value and its line. */
export type Tree =
  | { readonly kind: "scalar"; readonly value: unknown; readonly line: number }
  | { readonly kind: "list"; readonly items: Tree[]; readonly line: number }
  | {
    readonly kind: "map";
    readonly entries: Map<string, { readonly line: number; value: Tree }>;
    readonly line: number;
  };

/** Deeper than any policy, but not too deep for the stack. */
const MAX_DEPTH = 32;

/** Parses a text. The ending of the file's `name` tells the language, or else the text does. Throws {@linkcode InputError}. */
export function parseTree(text: string, name: string): Tree {
  try {
    switch (languageOf(text, name)) {
      case "toml":
        return fromToml(text, name);
      case "json":
        checkJson(text, name);
        return fromYaml(text, name);
      case "yaml":
        return fromYaml(text, name);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${name}: nested too deeply`);
    throw error;
  }
}

function languageOf(text: string, name: string): "yaml" | "json" | "toml" {
  const ending = /\.(ya?ml|json|toml)$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === "toml" || ending === "json") return ending;
  if (ending !== undefined) return "yaml";
  const first = text.split("\n").find((line) => /^\s*[^#\s]/.test(line))?.trim() ?? "";
  if (first.startsWith("{")) return "json";
  return /^(\[\[?[\w."-]+\]\]?\s*(#.*)?$|[\w"-][\w."-]*\s*=)/.test(first) ? "toml" : "yaml";
}

// JSON is read by the YAML parser, which knows lines. What only YAML allows is refused here.
function checkJson(text: string, name: string): void {
  const fault = jsonFault(text);
  if (fault !== null) {
    throw new InputError(
      `${name}:${fault.line}: not JSON: expected ${fault.wanted}${shown(text, fault.line)}`,
    );
  }
}

/** A line of the text for an error message, shortened. */
function shown(text: string, line: number): string {
  const source = text.split("\n", line).at(line - 1)?.trim() ?? "";
  return source === "" ? "" : `: ${source.length > 60 ? `${source.slice(0, 59)}…` : source}`;
}

// Reading events is ten times as fast as building a tree of nodes with comments and spaces.
function fromYaml(text: string, name: string): Tree {
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = (error.mark?.line ?? 0) + 1;
    throw new InputError(`${name}:${line}: not YAML: ${error.reason}${shown(text, line)}`);
  }
  return new YamlReader(text, name, events).read();
}

/** Builds the tree of one document. */
class YamlReader {
  readonly #text: string;
  readonly #name: string;
  readonly #events: readonly Event[];
  #at = 0;
  /** The offset that {@linkcode YamlReader.#line} belongs to. It only grows, because events are in the order of the text. */
  #offset = 0;
  #line = 1;

  constructor(text: string, name: string, events: readonly Event[]) {
    this.#text = text;
    this.#name = name;
    this.#events = events;
  }

  read(): Tree {
    const documents = this.#events.filter(({ type }) => type === EVENT_ID.DOCUMENT).length;
    if (documents > 1) {
      throw new InputError(`${this.#name}: there are ${documents} documents, expected one`);
    }
    if (documents === 0) return { kind: "scalar", value: null, line: 1 };
    this.#at = 1;
    return this.#node();
  }

  #node(): Tree {
    const event = this.#events[this.#at++]!;
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return this.#scalar(event);
      case EVENT_ID.SEQUENCE: {
        const line = this.#lineAt(event.start);
        this.#refuseTag(event, line);
        const items: Tree[] = [];
        while (!this.#ended()) items.push(this.#node());
        return { kind: "list", items, line };
      }
      case EVENT_ID.MAPPING: {
        const line = this.#lineAt(event.start);
        this.#refuseTag(event, line);
        return { kind: "map", entries: this.#entries(), line };
      }
      case EVENT_ID.ALIAS: {
        const line = this.#lineAt(event.anchorStart);
        throw new InputError(
          `${this.#name}:${line}: aliases are not read: write out what it stands for`,
        );
      }
      default:
        // A document without content.
        return { kind: "scalar", value: null, line: this.#line };
    }
  }

  #entries(): Map<string, { line: number; value: Tree }> {
    const entries = new Map<string, { line: number; value: Tree }>();
    while (!this.#ended()) {
      const key = this.#node();
      const at = `${this.#name}:${key.line}: `;
      if (key.kind !== "scalar") throw new InputError(`${at}a key must be a word`);
      const word = String(key.value);
      if (entries.has(word)) {
        throw new InputError(`${at}${word} is given twice: keys must be unique`);
      }
      entries.set(word, { line: key.line, value: this.#node() });
    }
    return entries;
  }

  #ended(): boolean {
    if (this.#events[this.#at]!.type !== EVENT_ID.POP) return false;
    this.#at++;
    return true;
  }

  #scalar(event: ScalarEvent): Tree {
    const line = event.valueStart < 0 ? this.#line : this.#lineAt(event.valueStart);
    this.#refuseTag(event, line);
    if (event.valueStart < 0) return { kind: "scalar", value: null, line };
    const source = getScalarValue(this.#text, event);
    const value = event.style === SCALAR_STYLE.PLAIN
      ? CORE_SCHEMA.resolveImplicitScalarTag(source).value
      : source;
    return { kind: "scalar", value, line };
  }

  #refuseTag({ tagStart }: { readonly tagStart: number }, line: number): void {
    if (tagStart >= 0) throw new InputError(`${this.#name}:${line}: tags are not read`);
  }

  #lineAt(offset: number): number {
    for (let at = this.#offset; at < offset; at++) {
      if (this.#text.charCodeAt(at) === 0x0a) this.#line++;
    }
    this.#offset = Math.max(this.#offset, offset);
    return this.#line;
  }
}

function fromToml(text: string, name: string): Tree {
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const { lineNumber: line, message } = error;
    throw new InputError(`${name}:${line}: not TOML: ${message}${shown(text, line)}`);
  }
  const root: Tree = { kind: "map", entries: new Map(), line: 1 };
  // Every table has its full path: keys, and positions in arrays of tables.
  for (const item of program.body[0].body) {
    if (item.type === "TOMLTable") {
      const table = descend(root, item.resolvedKey, item.loc.start.line, name);
      for (const pair of item.body) assign(table, pair, name);
    } else {
      assign(root, item, name);
    }
  }
  return root;
}

function descend(
  from: Tree,
  path: readonly (string | number)[],
  line: number,
  name: string,
): Tree {
  if (path.length > MAX_DEPTH) throw new InputError(`${name}:${line}: nested too deeply`);
  let at = from;
  for (const [i, key] of path.entries()) {
    const make = (): Tree =>
      typeof path[i + 1] === "number"
        ? { kind: "list", items: [], line }
        : { kind: "map", entries: new Map(), line };
    if (at.kind === "list" && typeof key === "number") {
      at = at.items[key] ??= make();
    } else if (at.kind === "map" && typeof key === "string") {
      let entry = at.entries.get(key);
      if (entry === undefined) at.entries.set(key, entry = { line, value: make() });
      at = entry.value;
    } else {
      throw new InputError(`${name}:${line}: ${path.join(".")} is given twice, differently`);
    }
  }
  return at;
}

function assign(table: Tree, pair: AST.TOMLKeyValue, name: string): void {
  const keys = pair.key.keys.map((key) => key.type === "TOMLBare" ? key.name : key.value);
  const line = pair.loc.start.line;
  const parent = descend(table, keys.slice(0, -1), line, name);
  if (parent.kind !== "map") throw new InputError(`${name}:${line}: ${keys.join(".")} is no table`);
  parent.entries.set(keys.at(-1)!, { line, value: fromTomlValue(pair.value, name, 0) });
}

function fromTomlValue(node: AST.TOMLContentNode, name: string, depth: number): Tree {
  const line = node.loc.start.line;
  if (depth > MAX_DEPTH) throw new InputError(`${name}:${line}: nested too deeply`);
  switch (node.type) {
    case "TOMLArray":
      return {
        kind: "list",
        items: node.elements.map((element) => fromTomlValue(element, name, depth + 1)),
        line,
      };
    case "TOMLInlineTable": {
      const table: Tree = { kind: "map", entries: new Map(), line };
      for (const pair of node.body) assign(table, pair, name);
      return table;
    }
    case "TOMLValue":
      // A date is read as text, as in YAML and JSON.
      return {
        kind: "scalar",
        value: "datetime" in node ? node.datetime : node.value,
        line,
      };
  }
}

/** The tree as plain values without prototypes. */
export function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.value;
    case "list":
      return Array.from(tree.items, plain);
    case "map": {
      const object: Record<string, unknown> = Object.create(null);
      for (const [key, { value }] of tree.entries) object[key] = plain(value);
      return object;
    }
  }
}

/** The line of the value or key at a path, or of the last part of the path that exists. */
export function lineOf(tree: Tree, path: readonly (string | number)[]): number {
  let at = tree;
  let line = tree.line;
  for (const key of path) {
    if (at.kind === "map") {
      const entry = at.entries.get(String(key));
      if (entry === undefined) break;
      line = entry.line;
      at = entry.value;
    } else if (at.kind === "list") {
      const item = at.items[Number(key)];
      if (item === undefined) break;
      line = item.line;
      at = item;
    } else {
      break;
    }
  }
  return line;
}
