/**
 * A random choice of what ./scripts/faults tries, for some seconds: system calls fail, and files that are read are broken. No
 * answer may be wrong without a word.
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

/** One of each sort: the others, and other seeds, are for the long form. */
const COMMANDS = ["list --json", "list --all-netns bpf", "audit violated", "diff", "ss"];

/** Runs a part of ./scripts/faults and returns the numbers of its table: the sums by column. */
function faults(...args: string[]): Record<string, number> {
  const ran = Bun.spawnSync(
    [process.execPath, join(import.meta.dir, "../../scripts/faults.ts"), ...args],
    { stdin: "ignore" },
  );
  const said = ran.stdout.toString() + ran.stderr.toString();
  expect({ status: ran.exitCode, said: ran.exitCode === 0 ? "" : said })
    .toEqual({ status: 0, said: "" });
  const [head, , ...rows] = said.split("\n").filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").slice(2, -1).map((cell) => cell.trim()));
  const sums = rows.filter((_, i) => !said.split("\n")[i + 2]?.startsWith("| all "));
  const counts = Object.fromEntries(
    head!.map((name, i) => [name, sums.reduce((sum, row) => sum + Number(row[i]), 0)]),
  );
  console.log(`${args[0]}: ${Object.entries(counts).map((pair) => pair.join(" ")).join(", ")}`);
  return counts;
}

testIf(reason, "failed system calls are told", () => {
  const counts = faults(
    "inject",
    "--seconds=10",
    "--seed=1",
    `--command=${COMMANDS.join()}`,
    "--depth=1,1",
  );
  expect(counts.tried).toBeGreaterThan(0);
  expect(counts.silent).toBe(0);
}, 300_000);

testIf(
  reason,
  "broken snapshots, policies, recordings and files of /proc are refused or read",
  () => {
    const counts = faults("mutate", "--seconds=6", "--seed=1");
    expect(counts.tried).toBeGreaterThan(0);
    expect(counts.wrong).toBe(0);
  },
  300_000,
);
