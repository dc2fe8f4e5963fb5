/**
 * Churn: in a namespace where some services stay and everything else changes, compares the present with a snapshot of the
 * start, again and again.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { firstLine } from "./lines.ts";
import type { Namespace } from "./netns.ts";
import { sockeye } from "./sockeye.ts";

const SCRIPT = fileURLToPath(new URL("./churn.py", import.meta.url));

/** The least number of comparisons, however slow the machine is. */
const FEWEST = 4;

/** The outcome. */
export interface Churned {
  /** How many comparisons were made. */
  readonly comparisons: number;
  /** Differences about services that stayed: there should be none. */
  readonly wrong: readonly string[];
  /** Differences about the rest: there should be some, else nothing changed. */
  readonly others: number;
  /** The services that stayed. */
  readonly stable: readonly string[];
}

/** Churns for so many seconds. */
export async function churn(netns: Namespace, seconds: number): Promise<Churned> {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
  const start = (...args: string[]) =>
    Bun.spawn(netns.command(["/usr/bin/python3", SCRIPT, ...args]), {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
  const stable = start("stable", join(folder, "app.sock"));
  const noise: ReturnType<typeof start>[] = [];
  try {
    const line = await firstLine(stable.stdout);
    const kept: string[] = JSON.parse(line);
    const file = join(folder, "before.json");
    const first = sockeye(["snapshot", "--own-netns"], { netns });
    writeFileSync(file, first.stdout);
    noise.push(start("noise"), start("noise"));
    const wrong: string[] = [];
    let others = 0;
    let comparisons = 0;
    const end = Date.now() + seconds * 1000;
    do {
      const ran = sockeye(["diff", "--own-netns", "--json", file], { netns });
      if (ran.status === 2) throw new Error(ran.stderr);
      comparisons++;
      for (const difference of JSON.parse(ran.stdout).differences) {
        if (kept.includes(difference.endpoint)) wrong.push(JSON.stringify(difference));
        else others++;
      }
      await Bun.sleep(20);
      // The first comparison starts together with the changes, and may see none of them.
    } while (Date.now() < end || comparisons < FEWEST);
    return { comparisons, wrong, others, stable: kept };
  } finally {
    for (const child of [...noise, stable]) {
      child.stdin.end();
      await child.exited;
    }
    rmSync(folder, { recursive: true });
  }
}
