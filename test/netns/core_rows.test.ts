/**
 * netstat and lsof mode with so many sockets that the core writes their rows: it writes what the originals write, where they are
 * installed, and the same in either gear.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Filled, fillSockets, pythonReason } from "../support/factory.ts";
import { programOfGear } from "../support/gear_program.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { DIST, SOCKEYE } from "../support/sockeye.ts";

const reason = firstReason(pythonReason(), namespaceReason());
const COUNT = 600;

/** The words that follow `sockeye`, and the least number of rows. */
const CASES: readonly (readonly [args: readonly string[], rows: number])[] = [
  [["netstat", "-tan"], COUNT],
  [["netstat", "-tanp"], COUNT],
  [["netstat", "-tnW"], COUNT],
  [["netstat", "-anp"], COUNT],
  [["lsof", "-nP", "-iTCP"], COUNT],
  [["lsof", "-nP", "-i4"], COUNT],
  [["lsof", "-nP", "-iTCP", "-sTCP:ESTABLISHED"], COUNT],
  [["lsof", "-nP", "-i", ":1-65535", "-R"], COUNT],
  [["lsof", "-nP", "-i", "-sTCP:^LISTEN"], COUNT],
];

/** The programs whose versions are those that we answer for. */
function original(name: string): string | null {
  if (Bun.which(name) === null) return null;
  const { stdout, stderr } = Bun.spawnSync([name, name === "lsof" ? "-v" : "--version"]);
  const told = `${stdout}${stderr}`;
  return told.includes(name === "lsof" ? "revision: 4.95" : "net-tools 2.10") ? name : null;
}

describe("with many sockets", () => {
  let netns: Namespace;
  let filled: Filled;

  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create();
    filled = await fillSockets(COUNT, 3, { netns });
  }, 100_000);
  afterAll(async () => {
    await filled?.stop();
    await netns?.stop();
  }, 100_000);

  function answer(command: readonly string[]): string {
    const done = Bun.spawnSync(netns.command(command), {
      stdin: "ignore",
      stderr: "pipe",
      env: { PATH: process.env.PATH, LC_ALL: "C" },
    });
    expect([command, done.exitCode, done.stderr.toString()]).toEqual([command, 0, ""]);
    return done.stdout.toString("latin1");
  }

  for (const [[mode, ...args], rows] of CASES) {
    testIf(
      reason,
      `${mode} ${args.join(" ")} is the same in any gear, and as the original's`,
      () => {
        const printed = answer([SOCKEYE, mode!, ...args]);
        expect(printed.split("\n").length).toBeGreaterThan(rows);
        const other = original(mode!);
        // Other modes of lsof look at every process of the machine, which may be very many.
        if (other !== null) expect(printed).toBe(answer([other, ...args]));
      },
      240_000,
    );
  }

  // Programs that were made elsewhere have no brothers with another gear.
  for (const gear of SOCKEYE === DIST ? [1, 2] as const : []) {
    testIf(reason, `gear ${gear} alone prints the same`, async () => {
      using program = await programOfGear(gear);
      for (const [args] of CASES) {
        expect([args, answer([program.path, ...args])]).toEqual([args, answer([SOCKEYE, ...args])]);
      }
    }, 240_000);
  }
});

test("there are modes of both", () => {
  expect(new Set(CASES.map(([[mode]]) => mode)).size).toBe(2);
});
