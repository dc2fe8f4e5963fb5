import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { manPage } from "../../src/cli/man.ts";
import { commandPages, listPage } from "../../src/cli/pages.ts";
import { COMMANDS } from "../../src/program.ts";
import { testIf } from "../support/skip.ts";

const path = join(import.meta.dir, "../../doc/sockeye.1");
const page = readFileSync(path, "utf8");

test("doc/sockeye.1 is what the flag tables say", async () => {
  const { version } = await Bun.file(join(import.meta.dir, "../../package.json")).json();
  expect(page === manPage(version, listPage(), await commandPages(COMMANDS))).toBe(true);
});

test("every flag of every command is there", async () => {
  const plain = page.replaceAll("\\-", "-");
  for (const { name, page } of await commandPages(COMMANDS)) {
    expect(plain).toContain(`.SS sockeye ${name}\n`);
    for (const { long } of page.flags) {
      if (long !== undefined) expect(plain).toContain(`\\fB--${long}\\fR`);
    }
  }
});

testIf(
  Bun.which("man") === null ? "there is no man program" : null,
  "man reads it without a warning",
  () => {
    const run = Bun.spawnSync(["man", "--warnings", "-l", path], {
      env: { PATH: process.env.PATH ?? "", LC_ALL: "C.UTF-8", MANWIDTH: "80", MANROFFOPT: "-ww" },
    });
    // Long lines of the kind "8080  tcp/8080  …" may stand out of the margin.
    expect(
      run.stderr.toString().split("\n").filter((line) =>
        line !== "" && !/can't break line|cannot adjust|cannot break/.test(line)
      ),
    ).toEqual([]);
    expect(run.stdout.toString()).toContain("every process that holds it");
  },
);

testIf(
  Bun.which("mandoc") === null ? "there is no mandoc program" : null,
  "mandoc finds neither errors nor warnings in it, but that it has no date",
  () => {
    const run = Bun.spawnSync(["mandoc", "-T", "lint", "-W", "warning", path]);
    // A date would make two builds of one commit differ.
    expect(
      (run.stdout.toString() + run.stderr.toString()).split("\n").filter((line) =>
        line !== "" && !line.endsWith('missing date, using "": TH')
      ),
    ).toEqual([]);
  },
);
