/**
 * A random choice of what ./scripts/faults tries: system calls of Sockeye's own commands fail, and no answer may be wrong
 * without a word.
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { pythonReason } from "../support/factory.ts";
import { namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";

const reason = firstReason(
  namespaceReason(),
  pythonReason(),
  process.getuid?.() === 0 ? null : "not root",
  Bun.which("strace") === null ? "there is no strace program" : null,
);

// Explanations have facts from many files beside the sockets; their faults are for the long form.
for (const mode of ["proc", "bpf", "namespaces"]) {
  testIf(reason, `failed system calls of a listing are told: ${mode}`, () => {
    const ran = Bun.spawnSync(
      [
        process.execPath,
        join(import.meta.dir, "../../scripts/faults.ts"),
        "--seconds=8",
        `--mode=${mode}`,
      ],
      { stdin: "ignore" },
    );
    const said = ran.stdout.toString() + ran.stderr.toString();
    expect({ status: ran.exitCode, said: ran.exitCode === 0 ? "" : said })
      .toEqual({ status: 0, said: "" });
    const [, tried] = /\| all \| (\d+) \|/.exec(said)!;
    expect(Number(tried)).toBeGreaterThan(0);
  }, 60_000);
}
