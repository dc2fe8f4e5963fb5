/**
 * Imports run one way. Each folder may import from itself and from the folders listed for it; everything else is an error.
 * Prints each offending import and exits 1, or says how many it looked at.
 */
import { Glob } from "bun";
import { dirname, join, normalize, relative } from "node:path";

const root = join(import.meta.dir, "..");

/** What everything may use. `query` is data about the question, `model` about the answer. */
const COMMON = ["src/model", "src/query.ts", "src/diagnostics.ts", "src/version.ts"];

/** Folder → folders it may import from, beside itself and COMMON. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "ffi": [],
  "src/model": [],
  "src/query.ts": ["src/filter"],
  "src/diagnostics.ts": [],
  "src/version.ts": [],
  "src/filter": [],
  "src/netlink": ["ffi"],
  "src/proc": ["ffi"],
  "src/names": ["ffi"],
  "src/bpf": ["ffi", "src/proc"],
  "src/families": ["ffi", "src/netlink", "src/proc", "src/filter"],
  "src/collect": ["ffi", "src/netlink", "src/proc", "src/families", "src/filter"],
  "src/join": ["ffi", "src/proc", "src/bpf"],
  "src/reach": ["ffi", "src/netlink", "src/proc"],
  "src/views": ["ffi", "src/families", "src/proc"],
  "src/audit": ["src/views"],
  "src/commands": [
    "ffi",
    "src/netlink",
    "src/proc",
    "src/names",
    "src/bpf",
    "src/families",
    "src/collect",
    "src/join",
    "src/reach",
    "src/views",
    "src/audit",
    "src/filter",
  ],
  "src/cli": ["src/commands", "src/views", "src/filter", "src/families", "src/audit", "ffi"],
  "src/bug_report.ts": [],
  "src/main.ts": ["ffi", "src/bug_report.ts", "src/start.ts"],
  "src/start.ts": ["ffi", "src/error_line.ts", "src/cli", "src/views"],
  "src/error_line.ts": [
    "ffi",
    "src/bug_report.ts",
    "src/cli",
    "src/filter",
    "src/netlink",
    "src/views",
  ],
};

function layerOf(path: string): string | undefined {
  return Object.keys(ALLOWED).find((layer) => path === layer || path.startsWith(`${layer}/`));
}

const problems: string[] = [];
let imports = 0;
for (const base of ["ffi", "src"]) {
  for await (const file of new Glob(`${base}/**/*.ts`).scan(root)) {
    const layer = layerOf(file);
    if (layer === undefined) {
      problems.push(`${file}: belongs to no layer: see scripts/check_layers.ts`);
      continue;
    }
    const source = await Bun.file(join(root, file)).text();
    // Static and dynamic imports, requires, and re-exports; strings in comments do not begin with from or import(.
    for (
      const match of source.matchAll(
        /(?:^|\n)(?:import|export)\b[^;]*?from\s+"([^"]+)"|(?:import|require)\("([^"]+)"\)/g,
      )
    ) {
      const target = (match[1] ?? match[2])!;
      imports++;
      if (!target.startsWith(".")) {
        const runtime = target.startsWith("bun:") || target === "bun";
        if (runtime && base !== "ffi") problems.push(`${file}: ${target} is for ffi/ alone`);
        continue;
      }
      const path = relative(root, normalize(join(root, dirname(file), target)));
      const other = layerOf(path);
      const allowed = other !== undefined &&
        (other === layer || COMMON.includes(other) && layer !== "ffi" && !COMMON.includes(layer) ||
          ALLOWED[layer]!.includes(other) || layer === "src/query.ts" && other === "src/model" ||
          layer === "src/diagnostics.ts" && other === "src/model");
      if (!allowed) problems.push(`${file}: imports ${path}, which ${layer} may not use`);
    }
  }
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${imports} imports, all in the right direction`);
