/** @module */
import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { run } from "./run.ts";
import { firstReason, SKIP_PREFIX } from "./skip.ts";

test("testIf() runs a test without reason and lists one with a reason, as name and as a line", async () => {
  const lib = JSON.stringify(fileURLToPath(new URL("./skip.ts", import.meta.url)));
  const file = `${process.env.TMPDIR ?? "/tmp"}/sockeye-skip-${process.pid}.test.ts`;
  await Bun.write(
    file,
    `import { testIf } from ${lib};
     testIf(null, "the first", () => { console.log("it ran"); });
     testIf("no such device", "the second", () => { console.log("must not " + "run"); });
     testIf(null, "the third", () => { throw new Error("it failed"); });`,
  );
  try {
    const { stdout, stderr, status } = await run([process.execPath, "test", file]);
    const said = new TextDecoder().decode(stdout) + stderr;
    expect(said).toContain(`${SKIP_PREFIX} the second: no such device`);
    expect(said).toContain("it ran");
    expect(said).toMatch(/1 pass/);
    expect(said).toMatch(/1 skip/);
    expect(said).toMatch(/1 fail/);
    expect(said).not.toContain("must not run");
    expect(status).toBe(1);
  } finally {
    await Bun.file(file).delete();
  }
});

test("firstReason() is the first that is given, null when none is", () => {
  expect(firstReason(null, "b", "c")).toBe("b");
  expect(firstReason(null, null)).toBeNull();
});
