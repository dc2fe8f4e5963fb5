/**
 * The trace costs nothing without its flag: no code of it is loaded.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("nothing outside imports the trace but by import() and require(), behind the flag", () => {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const found: string[] = [];
  for (const file of new Glob("src/**/*.ts").scanSync(root)) {
    if (file.startsWith("src/trace/")) continue;
    const source = readFileSync(root + file, "utf8");
    for (const { path, kind } of transpiler.scanImports(source)) {
      if (!path.includes("/trace/")) continue;
      expect(["dynamic-import", "require-call"]).toContain(kind);
      // The load comes after a look at the flag.
      expect(source).toMatch(
        /if \([^{;]*trace[^]{0,60}(import|require)\("[^"]*\/trace\/mod\.ts"\)/i,
      );
      found.push(file);
    }
  }
  expect(found.sort()).toEqual([
    "src/cli/common_flags.ts",
    "src/tools/lsof/mod.ts",
    "src/tools/netstat/mod.ts",
    "src/tools/ss/mod.ts",
  ]);
});
