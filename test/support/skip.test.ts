/** @module */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run.ts";
import { firstReason, SKIP_PREFIX, type SkippedAtRunTime } from "./skip.ts";

describe("a file of tests", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sockeye-skip-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs tests in a runner of their own: what it says, its status, and what was recorded. */
  async function runTests(body: string) {
    const lib = JSON.stringify(fileURLToPath(new URL("./skip.ts", import.meta.url)));
    const file = join(folder, "some.test.ts");
    const skipped = join(folder, "skipped");
    await Bun.write(skipped, "");
    await Bun.write(
      file,
      `import { test } from "bun:test";
       import { describeIf, skip, skipPart, testIf } from ${lib};
       ${body}`,
    );
    const ran = await run([process.execPath, "test", file], { env: { SOCKEYE_SKIPPED: skipped } });
    const recorded: SkippedAtRunTime[] = readFileSync(skipped, "utf8").split("\n")
      .filter((line) => line !== "").map((line) => JSON.parse(line));
    return {
      said: new TextDecoder().decode(ran.stdout) + ran.stderr,
      status: ran.status,
      recorded,
    };
  }

  test("runs a test without reason and lists one with a reason, as name and as a line", async () => {
    const { said, status, recorded } = await runTests(
      `testIf(null, "the first", () => { console.log("it ran"); });
       testIf("no such device", "the second", () => { console.log("must not " + "run"); });
       testIf(null, "the third", () => { throw new Error("it failed"); });`,
    );
    expect(said).toContain(`${SKIP_PREFIX} the second: no such device`);
    expect(said).toContain("it ran");
    expect(said).toMatch(/1 pass/);
    expect(said).toMatch(/1 skip/);
    expect(said).toMatch(/1 fail/);
    expect(said).not.toContain("must not run");
    expect(status).toBe(1);
    expect(recorded).toEqual([]);
  });

  test("records a test that finds a reason while it runs, and closes what it had opened", async () => {
    const { said, status, recorded } = await runTests(
      `testIf(null, "the first", async () => {
         await using _ = { [Symbol.asyncDispose]: async () => { console.log("it closed"); } };
         skip("no such device");
       });
       testIf(null, "the second", () => { skipPart("a half of it", "no such program"); });`,
    );
    expect(said).toContain("it closed");
    expect(status).toBe(0);
    expect(recorded).toEqual([
      { name: "the first", reason: "no such device", part: false },
      { name: "a half of it", reason: "no such program", part: true },
    ]);
  });

  test("fails when a test calls skip() that nobody catches", async () => {
    const { status, recorded } = await runTests(`test("the first", () => skip("no such device"));`);
    expect(status).toBe(1);
    expect(recorded).toEqual([]);
  });

  test("lists a group with a reason under that reason", async () => {
    const { said, status } = await runTests(
      `describeIf("not root", "a group", () => { test("one", () => { throw new Error(); }); });`,
    );
    expect(said).toContain(`${SKIP_PREFIX} a group: not root`);
    expect(said).toMatch(/1 skip/);
    expect(status).toBe(0);
  });
});

test("firstReason() is the first that is given, null when none is", () => {
  expect(firstReason(null, "b", "c")).toBe("b");
  expect(firstReason(null, null)).toBeNull();
});
