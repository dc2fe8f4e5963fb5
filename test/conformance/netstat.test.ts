/**
 * What netstat of net-tools 2.10 printed on a recorded host, byte for byte.
 */
import { symlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { programOfGear } from "../support/gear_program.ts";
import { DIST, SOCKEYE } from "../support/sockeye.ts";
import { recordedRuns, unpackFixture } from "./fixture.ts";

/** Recorded runs in modes that sockeye leaves to others, and what it says they are to use. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "ns-0014": "ip route", // -rn: the routing table
  "ns-0015": "ip -s link", // -i: the table of interfaces
  "ns-0016": "ip maddr", // -g: multicast groups
};

const runs = await recordedRuns("netstat.jsonl");

describe("sockeye netstat on the recorded host", () => {
  let fixture: ReturnType<typeof unpackFixture>;
  beforeAll(() => {
    fixture = unpackFixture();
  });
  afterAll(() => fixture[Symbol.dispose]());

  function replay(run: typeof runs[number], program = SOCKEYE) {
    const env = Object.fromEntries(
      Object.entries(run.env).map((
        [name, value],
      ) => [name, value.startsWith("@") ? `${fixture.path}/${value.slice(1)}` : value]),
    );
    const done = Bun.spawnSync([program, "netstat", ...run.argv], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: process.env.PATH, LC_ALL: "C", ...env },
    });
    return {
      stdout: done.stdout.toString(),
      stderr: done.stderr.toString(),
      exit: done.exitCode,
    };
  }

  test("there are 140 runs", () => {
    expect(runs).toHaveLength(140);
  });

  // Without force, the core is not even loaded for the few sockets of the recorded host. Programs that were made elsewhere have no
  // brothers with another gear to be compared with.
  for (const gear of SOCKEYE === DIST ? [1, 2] as const : []) {
    test(`they print the same in gear ${gear} of the core alone`, async () => {
      using program = await programOfGear(gear);
      for (const run of runs.filter(({ id }) => LEFT_OUT[id] === undefined)) {
        expect([run.id, replay(run, program.path).stdout]).toEqual([run.id, run.stdout]);
      }
    }, 600_000);
  }

  for (const run of runs) {
    const successor = LEFT_OUT[run.id];
    const name = `${run.id}: netstat ${run.argv.join(" ")}`;
    if (successor === undefined) {
      test(`${name} prints the same`, () => {
        const { stdout, stderr, exit } = replay(run);
        expect({ stdout, exit, stderr: stderr !== "" }).toEqual({
          stdout: run.stdout,
          exit: run.exit,
          stderr: run.stderr,
        });
      });
    } else {
      test(`${name} names its successor`, () => {
        const { stdout, stderr, exit } = replay(run);
        expect({ stdout, exit }).toEqual({ stdout: "", exit: 1 });
        expect(stderr).toMatch(new RegExp(`^netstat: [^\n]*: use ${successor}\n$`));
      });
    }
  }

  test("a link named netstat is netstat", () => {
    const link = `${fixture.path}/netstat`;
    symlinkSync(SOCKEYE, link);
    const run = runs.find(({ argv }) => argv.join(" ") === "-tulpn")!;
    const done = Bun.spawnSync([link, ...run.argv], {
      env: { PROC_ROOT: `${fixture.path}/proc`, LC_ALL: "C" },
    });
    expect(done.stdout.toString()).toBe(run.stdout);
    expect(done.exitCode).toBe(0);
  });

  test("every left-out mode has a line and status 1, and two modes at once are wrong usage", () => {
    const left = (...args: string[]) => {
      const { stdout, stderr, exitCode } = Bun.spawnSync([SOCKEYE, "netstat", ...args], {
        stderr: "pipe",
      });
      return { stdout: stdout.toString(), lines: stderr.toString().split("\n").length - 1, exitCode };
    };
    for (const option of ["-r", "-i", "-g", "-M", "-F", "-C", "--route", "--interfaces", "-nrv"]) {
      expect(left(option)).toEqual({ stdout: "", lines: 1, exitCode: 1 });
    }
    for (const options of [["-r", "-i"], ["-sM"], ["-s", "-i"]]) {
      expect(left(...options)).toMatchObject({ stdout: "", exitCode: 3 });
    }
  });
});
