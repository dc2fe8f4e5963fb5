/**
 * What ss of iproute2 7.1.0 printed on a recorded host, byte for byte.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { programOfGear } from "../support/gear_program.ts";
import { DIST, SOCKEYE } from "../support/sockeye.ts";
import { type RecordedRun, recordedRuns, unpackFixture } from "./fixture.ts";

const runs = await recordedRuns("ss.jsonl");
/** Runs that are made at once. */
const AT_ONCE = 2;

const noGroups = readFileSync("/proc/self/mounts", "latin1").includes(" cgroup2 ")
  ? null
  : "no cgroup2 hierarchy is mounted";
const noNames = existsSync("/etc/services") && existsSync("/etc/protocols")
  ? null
  : "there is no /etc/services or /etc/protocols";

/** Why a run cannot be made here. */
function reasonAgainst(run: RecordedRun): string | null {
  const numeric = run.argv.some((word) => /^-[A-Za-z]*n/.test(word) || word.startsWith("--num"));
  return firstReason(
    // Interfaces are shown by the names that they have in the namespace: none has one there.
    /[%:]if\d/.test(run.stdout) ? namespaceReason() : null,
    run.stdout.includes("cgroup:/") ? noGroups : null,
    numeric ? null : noNames,
  );
}

interface Result {
  readonly stdout: string;
  readonly exit: number;
  readonly stderr: boolean;
}

describe("sockeye ss on the recorded host", () => {
  const results = new Map<string, Result>();
  let fixture: ReturnType<typeof unpackFixture>;
  let netns: Namespace | null = null;

  async function replay(run: RecordedRun, program = SOCKEYE): Promise<Result> {
    const env = Object.fromEntries(
      Object.entries(run.env).map((
        [name, value],
      ) => [name, value.startsWith("@") ? `${fixture.path}/${value.slice(1)}` : value]),
    );
    const command = [program, "ss", ...run.argv];
    const child = Bun.spawn(netns === null ? command : netns.command(command), {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: process.env.PATH ?? "", LC_ALL: "C", ...env },
    });
    const [stdout, stderr, exit] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { stdout, exit, stderr: stderr !== "" };
  }

  beforeAll(async () => {
    fixture = unpackFixture();
    if (namespaceReason() === null) netns = await Namespace.create();
    await replayAll(results);
  }, 400_000);

  async function replayAll(into: Map<string, Result>, program = SOCKEYE, every = 1): Promise<void> {
    const pending = runs.filter((run, i) => i % every === 0 && reasonAgainst(run) === null);
    const worker = async () => {
      for (let run = pending.pop(); run !== undefined; run = pending.pop()) {
        into.set(run.id, await replay(run, program));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  afterAll(async () => {
    await netns?.[Symbol.asyncDispose]();
    fixture[Symbol.dispose]();
  });

  test("there are 700 runs", () => {
    expect(runs).toHaveLength(700);
  });

  // Without force, the few sockets of the recorded host are shown in the first gear. Programs that were made elsewhere have no
  // brothers with another gear to be compared with.
  for (const [gear, every] of SOCKEYE === DIST ? [[1, 7], [2, 1]] as const : []) {
    test(
      `they print the same in gear ${gear} alone`,
      async () => {
        using program = await programOfGear(gear);
        const inGear = new Map<string, Result>();
        await replayAll(inGear, program.path, every);
        for (const [id, result] of inGear) expect([id, result]).toEqual([id, results.get(id)!]);
        expect(inGear.size).toBeGreaterThan(results.size / every / 2);
      },
      600_000,
    );
  }

  for (const run of runs) {
    testIf(
      reasonAgainst(run),
      `${run.id}: ss ${run.argv.join(" ")} prints the same`,
      () => {
        const { stdout, exit, stderr } = run;
        expect(results.get(run.id)).toEqual({ stdout, exit, stderr });
      },
    );
  }
});
