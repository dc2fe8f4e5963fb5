/**
 * The examples of the documents are run: every line `$ …` in a `console` block has to end with status 0, or with one of
 * those that a comment `# exit 0 or 3` behind it allows.
 */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SOCKEYE } from "./support/sockeye.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const documents = ["README.md", ...new Glob("docs/*.md").scanSync(root)];

let found = 0;
for (const name of documents) {
  const text = readFileSync(join(root, name), "utf8");
  for (const [, block] of text.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
    for (const [, line] of block!.matchAll(/^\$ (.*)$/gm)) {
      found++;
      const allowed = /# exit ([\d, or]+)$/.exec(line!)?.[1]?.match(/\d+/g)?.map(Number) ?? [0];
      test(`${name}: ${line}`, () => {
        const run = Bun.spawnSync(["bash", "-o", "pipefail", "-c", line!], {
          stdin: "ignore",
          env: { ...process.env, PATH: `${dirname(SOCKEYE)}:${process.env.PATH}` },
        });
        expect({ status: run.exitCode, bug: run.stderr.includes("this is a bug") })
          .toEqual({
            status: allowed.includes(run.exitCode!) ? run.exitCode : allowed[0]!,
            bug: false,
          });
      });
    }
  }
}

test("the documents have examples", () => {
  expect(found).toBeGreaterThan(5);
});

test("README shows the columns that the program prints", () => {
  const shown = /^PROTO .*$/m.exec(readFileSync(join(root, "README.md"), "utf8"))![0].split(/\s+/);
  const printed = Bun.spawnSync([SOCKEYE]).stdout.toString().split("\n")[0]!.trim().split(/\s+/);
  // The peer column is left out on a terminal where no socket has one.
  expect(shown).toEqual(printed.filter((column) => column !== "PEER"));
});
