/**
 * The examples in the doc comments of the netlink library, run as they stand there. `// → text` is what a line prints.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = readdirSync(join(root, "src/netlink")).filter((name) => name.endsWith(".ts"));

/** File → code of its examples. */
const examples = new Map(sources.map((name) => {
  const text = readFileSync(join(root, "src/netlink", name), "utf8");
  const blocks = [...text.matchAll(/^ *\* ```ts\n([^]*?)^ *\* ```$/gm)];
  return [name, blocks.map(([, code]) => code!.replace(/^ *\* ?/gm, ""))] as const;
}));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-examples-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

for (const [name, blocks] of examples) {
  for (const [number, code] of blocks.entries()) {
    test(`example ${number + 1} of ${name} prints what it says`, () => {
      const path = join(folder, `${number}-${name}`);
      writeFileSync(path, code.replaceAll('from "./src/', `from "${root}src/`));
      const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, path]);
      const said = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text!);
      expect(said).not.toEqual([]);
      expect({
        printed: stdout.toString().trimEnd().split("\n"),
        stderr: stderr.toString(),
        exitCode,
      })
        .toEqual({ printed: said, stderr: "", exitCode: 0 });
    });
  }
}

test("every class and every function that sends has an example", () => {
  const shown = [...examples.values()].flat().join("\n");
  const library = sources.map((name) => readFileSync(join(root, "src/netlink", name), "utf8")).join(
    "",
  );
  const names = [...library.matchAll(/^export class (\w+)/gm)].map(([, name]) => name!);
  expect(names).toContain("Connection");
  for (const name of [...names, "dump", "execute"]) {
    expect(shown).toMatch(new RegExp(`\\b${name}\\(|instanceof ${name}\\b`));
  }
});
