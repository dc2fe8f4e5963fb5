/**
 * The examples of the documents are run: every line `$ …` in a `console` block has to end with status 0, or with one of
 * those that a comment `# exit 0 or 3` behind it allows.
 */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonReason } from "./support/factory.ts";
import { namespaceReason } from "./support/netns.ts";
import { run } from "./support/run.ts";
import { firstReason, testIf } from "./support/skip.ts";
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

testIf(
  firstReason(
    process.getuid?.() === 0 ? null : "only root can make a PID namespace",
    pythonReason(),
    namespaceReason(),
  ),
  "README's first screen is what the program prints on a host like that",
  async () => {
    const shown = /^```\n(PROTO[^]*?)^```$/m.exec(
      readFileSync(join(root, "README.md"), "utf8"),
    )![1]!;
    const support = join(root, "test/support");
    // The first process of a PID namespace takes everybody with it when it ends.
    const script = `coproc scene { exec python3 "${support}/readme_scene.py"; }
      read -r ready <&"\${scene[0]}" && [ "$ready" = ready ] || exit 1
      python3 "${support}/on_terminal.py" 80 "${SOCKEYE}"`;
    const { stdout, stderr, status } = await run([
      ...["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["bash", "-c", script],
    ], { env: { NO_COLOR: "1" }, timeoutMs: 30_000 });
    const text = new TextDecoder().decode(stdout);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const pids = (text: string): string => text.replaceAll(/(?<=[a-z]\d?) \d+/g, " PID");
    // The scene is in a PID namespace, which a host is not, and that is told.
    const gap = /^sockeye: processes outside this PID namespace .*\n/m;
    expect(text).toMatch(gap);
    expect(pids(text.replace(gap, ""))).toBe(pids(shown));
  },
);
