/**
 * Runs every check in turn and counts what passed, failed and was skipped. All checks run, whatever fails before. What
 * failed, and what passed only at a second try, is named once more at the end.
 * Usage: gate.ts [--fast] [ARGUMENTS OF THE TEST RUNNER]; --fast leaves the release out.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SkippedAtRunTime } from "../test/support/skip.ts";
import { judgeSecondRun, readTestReport, type TestCase } from "./test_report.ts";

const root = join(import.meta.dir, "..");
const arch = process.arch === "arm64" ? "arm64" : "x64";
const bun = process.execPath;
const deno = join(root, `node_modules/@deno/linux-${arch}-glibc/deno`);

const fast = process.argv[2] === "--fast";
/** What the tests of the release are told: "made", or why there is none. */
let release = "left out by --fast";

let passed = 0;
let failed = 0;
const skipped: string[] = [];
/** By name, for the last lines of the output. */
const failures: string[] = [];
const unsteady: string[] = [];

/** Runs one check; its output is shown when it fails. With the status `skips`, if there is one, it could not be made here. */
function check(name: string, command: string[], skips: number | null = null): boolean {
  const started = performance.now();
  const run = Bun.spawnSync(command, { cwd: root, stdout: "pipe", stderr: "pipe" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (run.success) {
    passed++;
    console.log(`ok    ${name} (${seconds} s)`);
  } else if (run.exitCode === skips) {
    const said = `${run.stdout}${run.stderr}`.split("\n");
    const reason = said.find((line) => line.startsWith("skipped:")) ?? said.at(-2) ?? "";
    skipped.push(`${name} [skipped: ${reason.replace("skipped: ", "")}]`);
  } else {
    countFailure(name);
    console.log(`FAIL  ${name} (${seconds} s)\n${run.stdout}${run.stderr}`);
  }
  return run.success;
}

/** Builds all targets and packages, twice. Where npm or Debian cannot get what they are made of, that is a reason to skip. */
function buildRelease(): void {
  if (Bun.which("dpkg-deb") === null) {
    release = "there is no dpkg-deb, which makes packages for Debian";
    skipped.push(`release build [skipped: ${release}]`);
    return;
  }
  const fetched = Bun.spawnSync([bun, "scripts/build.ts", "--fetch"], {
    cwd: root,
    stdout: "pipe",
    stderr: "pipe",
  });
  if (fetched.exitCode === 3) {
    release = `what it is made of is not to be had: ${
      fetched.stderr.toString().trim().split("\n").at(-1)
    }`;
    skipped.push(`release build [skipped: ${release}]`);
    return;
  }
  const made = check("release build: two targets, each twice the same", [
    bun,
    "scripts/build.ts",
    "--package",
    "--check",
  ]);
  release = made ? "made" : "the release was not built: see above";
}

/** Tests of the program as it was built, which are run again with the one file of the release. */
const WITH_ONE_FILE = [
  "test/conformance",
  "test/netns/binary.test.ts",
  "test/netns/fallback.test.ts",
  "test/netns/hardening.test.ts",
  "test/netns/listing.test.ts",
  "test/netns/owners.test.ts",
];

/** More files with failures than these mean a real fault: they are not run a second time. */
const MAX_FILES_OF_SECOND_RUN = 12;

/** What one run of the test runner left. */
interface Run {
  readonly success: boolean;
  readonly cases: readonly TestCase[];
  readonly skips: readonly SkippedAtRunTime[];
}

/** Runs the test runner once. Tests that skip themselves leave a line in a file (test/support/skip.ts). */
function runTests(args: readonly string[], env: Record<string, string>): Run {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-gate-"));
  const report = join(folder, "junit.xml");
  const skippedFile = join(folder, "skipped.jsonl");
  writeFileSync(skippedFile, "");
  try {
    const run = Bun.spawnSync(
      [
        bun,
        "test",
        "--timeout=60000",
        "--reporter=junit",
        `--reporter-outfile=${report}`,
        ...args,
      ],
      {
        cwd: root,
        stdout: "inherit",
        stderr: "inherit",
        env: { ...process.env, SOCKEYE_RELEASE: release, SOCKEYE_SKIPPED: skippedFile, ...env },
      },
    );
    const skips: SkippedAtRunTime[] = readFileSync(skippedFile, "utf8").split("\n")
      .filter((one) => one !== "").map((one) => JSON.parse(one));
    return {
      success: run.success,
      cases: readTestReport(readFileSync(report, "utf8"), skips),
      skips,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs tests and counts each. Files with failures run a second time by themselves: many tests ask a kernel that other
 * programs use too. A test that fails twice failed; one that passes then is counted as passed and named as unsteady.
 */
function tests(args: readonly string[], env: Record<string, string> = {}): void {
  try {
    const { success, cases, skips } = runTests(args, env);
    passed += cases.filter(({ result }) => result === "passed").length;
    const skippedCases = cases.filter(({ result }) => result === "skipped");
    const failedCases = cases.filter(({ result }) => result === "failed");
    // A file that does not load has no test case to fail.
    if (!success && failedCases.length === 0) countFailure("a test file did not load: see above");
    const files = [...new Set(failedCases.map(({ file }) => file))];
    if (files.length > MAX_FILES_OF_SECOND_RUN) {
      for (const { file, name } of failedCases) countFailure(`${file}: ${name}`);
    } else if (files.length > 0) {
      console.log(`\nonce more, for their failures: ${files.join(" ")}`);
      const again = judgeSecondRun(cases, runTests(files, env).cases);
      for (const { file, name } of again.failed) countFailure(`${file}: ${name}`);
      for (const { file, name } of again.unsteady) unsteady.push(`${file}: ${name}`);
      passed += again.unsteady.length;
      skippedCases.push(...again.skipped);
    }
    for (const { name, reason } of skippedCases) {
      skipped.push(reason === null ? name : `${name} [skipped: ${reason}]`);
    }
    for (const { name, reason } of skips.filter(({ part }) => part)) {
      skipped.push(`${name} [skipped: ${reason}] (a part of a test)`);
    }
  } catch (error) {
    countFailure(`the tests left no report: ${error}`);
  }
}

function countFailure(what: string): void {
  failed++;
  failures.push(what);
}

check("types", [bun, "check"]);
// The formatter's own package exists in this version for x86-64 only.
if (existsSync(deno)) {
  check("format", [deno, "fmt", "--check"]);
  check("lint", [deno, "lint"]);
} else {
  skipped.push(
    "format [skipped: no formatter for this architecture]",
    "lint [skipped: no linter for this architecture]",
  );
}
check("import directions", [bun, "scripts/check_layers.ts"]);
check("exports have importers", [bun, "scripts/check_exports.ts"]);
check("build", [bun, "scripts/build.ts"]);
check("differences from ss, netstat and lsof", [
  "./scripts/differences",
  "--seed",
  "9201",
  "--lists",
  "60",
], 2);
if (!fast) {
  // A minute and a half by software, and a minute the first time, to fetch the kernel. Where that does not do it is skipped.
  const older = ["./scripts/kernels", "--short", "--limit=300", "5.10"];
  check("an older kernel: Linux 5.10 in qemu", older, 2);
  buildRelease();
}
const wanted = process.argv.slice(fast ? 3 : 2);
tests(wanted);
if (release === "made" && wanted.length === 0) {
  console.log("\nonce more, with the one file of the release:");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  tests(WITH_ONE_FILE, {
    SOCKEYE_PROGRAM: join(root, `dist/release/sockeye-${version}-linux-${arch}`),
  });
}
for (const name of skipped) console.log(`skipped: ${name}`);
for (const name of unsteady) console.log(`unsteady, failed once and then passed: ${name}`);
for (const name of failures) console.log(`failed: ${name}`);
if (fast) console.log("--fast: other targets and packages were neither built nor tested");
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(failed === 0 ? 0 : 1);
