/**
 * Imports run one way. Each folder may import from itself and from the folders that scripts/layers.ts lists for it; everything
 * else is an error, as are files that import each other in a circle, a listed folder that nothing is imported from, and a
 * table in ARCHITECTURE.md that says otherwise.
 * Prints what is wrong and exits 1, or says how many imports it looked at.
 */
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { ALLOWED, COMMON, MAY_USE_PACKAGES } from "./layers.ts";

const root = join(import.meta.dir, "..");

function layerOf(path: string): string | undefined {
  return Object.keys(ALLOWED).find((layer) => path === layer || path.startsWith(`${layer}/`));
}

const problems: string[] = [];
const used = new Set<string>();
/** File → files that it imports. */
const graph = new Map<string, string[]>();
let imports = 0;
for (const base of ["ffi", "src"]) {
  for await (const file of new Glob(`${base}/**/*.ts`).scan(root)) {
    const layer = layerOf(file);
    if (layer === undefined) {
      problems.push(`${file}: belongs to no layer: see scripts/check_layers.ts`);
      continue;
    }
    const source = await Bun.file(join(root, file)).text();
    const targets: string[] = [];
    graph.set(file, targets);
    // Static and dynamic imports, requires, and re-exports; strings in comments do not begin with from or import(.
    for (
      const match of source.matchAll(
        /(?:^|\n)(?:import|export)\b[^;]*?from\s+"([^"]+)"|(?:import|require)\("([^"]+)"\)/g,
      )
    ) {
      const target = (match[1] ?? match[2])!;
      imports++;
      if (!target.startsWith(".")) {
        const owner = /^bun(:|$)/.test(target) ? "ffi" : MAY_USE_PACKAGES;
        if (layer !== owner) problems.push(`${file}: ${target} is for ${owner} alone`);
        continue;
      }
      const path = relative(root, normalize(join(root, dirname(file), target)));
      targets.push(path);
      const other = layerOf(path);
      used.add(`${layer} ${other}`);
      const allowed = other !== undefined &&
        (other === layer || COMMON.includes(other) && layer !== "ffi" && !COMMON.includes(layer) ||
          ALLOWED[layer]!.includes(other));
      if (!allowed) problems.push(`${file}: imports ${path}, which ${layer} may not use`);
    }
  }
}
for (const circle of circles(graph)) problems.push(`a circle: ${circle.join(" → ")}`);
for (const [layer, targets] of Object.entries(ALLOWED)) {
  for (const target of targets) {
    if (!used.has(`${layer} ${target}`)) {
      problems.push(
        `scripts/layers.ts: ${layer} imports nothing from ${target}, and need not be allowed to`,
      );
    }
  }
}

// | `src/proc/` | what lives there | ffi |
const rows = readFileSync(join(root, "ARCHITECTURE.md"), "utf8")
  .matchAll(/^\| `((?:src\/)?\w+)\/` +\|.*\| ([^|]*?) +\|$/gm);
const short = (layer: string) => layer.replace("src/", "");
const told = new Map([...rows].map(([, layer, targets]) => [layer!, targets!]));
for (
  const [layer, targets] of Object.entries(ALLOWED).filter(([layer]) => !layer.endsWith(".ts"))
) {
  const right = targets.map(short).join(", ") || "-";
  if (told.get(layer) !== right) {
    problems.push(
      `ARCHITECTURE.md: ${layer} may import ${right}; the table says ${told.get(layer)}`,
    );
  }
}

/**
 * One circle for each group of files that import each other, its first file once more at the end. A group is found by
 * walking along the imports: a file that is met while it is still being walked closes a circle.
 */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string) => {
    if (done.has(file)) return;
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push([...path.slice(at), file]);
      return;
    }
    path.push(file);
    for (const target of graph.get(file) ?? []) walk(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) walk(file);
  return found;
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${imports} imports, all in the right direction`);
