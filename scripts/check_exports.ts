/**
 * Every export of src/ and ffi/ has an importer in src/, ffi/ or scripts/. What has none is an error: it loses `export`, or
 * it goes. What only tests import is counted apart; --tests lists it.
 * Prints what is wrong and exits 1, or says how many exports it looked at.
 */
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Files whose exports are there for others, each with the reason. */
const FACES: Readonly<Record<string, string>> = {
  "src/netlink/mod.ts":
    "a library of its own, shown in docs/netlink.md, whose examples the tests run",
  "src/core/mod.ts": "what gears.ts calls by name, in one gear or the other",
  "src/core/memory_wasm.ts":
    "stands in the place of src/core/memory.ts when the core is compiled to WebAssembly",
};

/** Files that hand modules on as a whole, in the form of an interface: the names of that interface count as used. */
const MODULE_FORMS: Readonly<Record<string, readonly string[]>> = {
  // CommandModule in src/cli/command.ts.
  "src/program.ts": ["run", "HELP"],
};

const root = join(import.meta.dir, "..");

/** What one file exports and imports. */
interface Source {
  readonly text: string;
  /** Names declared here, and names passed on from other files by name. */
  readonly exports: Set<string>;
  /** `export * from`. */
  readonly stars: string[];
  /** Name → file and name there, for `export { a as b } from`. */
  readonly passedOn: Map<string, readonly [string, string]>;
  /** File → names taken from it; a file with `*` is imported as a whole, by `import * as`, import() or require(). */
  readonly imports: Map<string, Set<string>>;
}

const sources = new Map<string, Source>();

/** Code without comments; strings stay, since imports name their files in them. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(),])\/\/.*$/gm, "");
}

/** `a, b as c, type d` → [["a", "a"], ["b", "c"], ["d", "d"]]. */
function names(list: string): [string, string][] {
  return list.split(",").map((part) => part.trim().replace(/^type\s+/, "")).filter((part) =>
    part !== ""
  ).map((part) => {
    const [name, other] = part.split(/\s+as\s+/);
    return [name!, other ?? name!];
  });
}

function read(path: string): Source {
  const text = withoutComments(readFileSync(join(root, path), "utf8"));
  const file = (target: string) => normalize(join(dirname(path), target));
  const source: Source = {
    text,
    exports: new Set(),
    stars: [],
    passedOn: new Map(),
    imports: new Map(),
  };
  const take = (target: string, name: string) => {
    const taken = source.imports.get(file(target)) ?? new Set();
    source.imports.set(file(target), taken.add(name));
  };
  for (
    const [, name] of text.matchAll(
      /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const\s+enum|function\*?|class|const|let|type|interface|enum)\s+(\w+)/gm,
    )
  ) source.exports.add(name!);
  for (
    const [, list, target] of text.matchAll(
      /^export\s+(?:type\s+)?\{([^}]*)\}(?:\s*from\s*"([^"]+)")?/gm,
    )
  ) {
    for (const [inner, outer] of names(list!)) {
      source.exports.add(outer);
      if (target?.startsWith(".")) source.passedOn.set(outer, [file(target), inner]);
    }
  }
  for (const [, target] of text.matchAll(/^export\s+\*\s+from\s*"(\.[^"]+)"/gm)) {
    source.stars.push(file(target!));
  }
  for (
    const [, list, target] of text.matchAll(
      /^import\s+(?:type\s+)?\{([^}]*)\}\s*from\s*"(\.[^"]+)"/gm,
    )
  ) {
    for (const [name] of names(list!)) take(target!, name);
  }
  for (
    const [, target] of text.matchAll(/^import\s+(?:type\s+)?\*\s+as\s+\w+\s+from\s*"(\.[^"]+)"/gm)
  ) {
    take(target!, "*");
  }
  for (const [, target] of text.matchAll(/(?:import|require)\(\s*"(\.[^"]+)",?\s*\)/g)) {
    take(target!, "*");
  }
  return source;
}

for (const folder of ["src", "ffi", "scripts", "test"]) {
  for (const path of new Glob(`${folder}/**/*.ts`).scanSync(root)) sources.set(path, read(path));
}

/** `FILE NAME` of what an importer takes, followed through files that pass it on. */
function* origins(path: string, name: string): Generator<string> {
  yield `${path} ${name}`;
  const source = sources.get(path);
  if (source === undefined) return;
  const passed = source.passedOn.get(name);
  if (passed !== undefined) yield* origins(...passed);
  else if (!source.exports.has(name)) {
    for (const star of source.stars) yield* origins(star, name);
  }
}

/** All names that a file gives to others. */
function exportsOf(path: string): string[] {
  const source = sources.get(path);
  return source === undefined ? [] : [...source.exports, ...source.stars.flatMap(exportsOf)];
}

const used = new Set<string>();
const usedByTests = new Set<string>();
for (const [path, { text, imports }] of sources) {
  const uses = path.startsWith("test/") ? usedByTests : used;
  for (const [target, taken] of imports) {
    for (const name of taken) {
      // Of a file that is taken as a whole, what is used is what the importer writes down.
      const wanted = name === "*"
        ? exportsOf(target).filter((one) =>
          MODULE_FORMS[path]?.includes(one) || new RegExp(`\\b${one}\\b`).test(text)
        )
        : [name];
      for (const one of wanted) for (const origin of origins(target, one)) uses.add(origin);
    }
  }
}
for (const face of Object.keys(FACES)) {
  for (const name of exportsOf(face)) for (const origin of origins(face, name)) used.add(origin);
}

const unused: string[] = [];
const onlyTests: string[] = [];
let count = 0;
for (const [path, { exports }] of sources) {
  if (!/^(src|ffi)\//.test(path)) continue;
  for (const name of exports) {
    count++;
    const key = `${path} ${name}`;
    if (!used.has(key)) (usedByTests.has(key) ? onlyTests : unused).push(`${path}: ${name}`);
  }
}
if (process.argv.includes("--tests")) console.log(onlyTests.join("\n"));
for (const face of Object.keys(FACES)) {
  if (!sources.has(face)) unused.push(`${face}: named in scripts/check_exports.ts, and not there`);
}
if (unused.length > 0) {
  console.error(unused.map((line) => `${line} is exported, and nobody imports it`).join("\n"));
  process.exit(1);
}
console.log(`${count} exports, each with an importer; ${onlyTests.length} of them in tests alone`);
