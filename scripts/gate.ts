/**
 * Runs every check in turn and counts what passed, failed and was skipped. All checks run, whatever fails before.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const arch = process.arch === "arm64" ? "arm64" : "x64";
const bun = process.execPath;
const deno = join(root, `node_modules/@deno/linux-${arch}-glibc/deno`);

let passed = 0;
let failed = 0;
const skipped: string[] = [];

/** Runs one check; its output is shown when it fails. */
function check(name: string, command: string[]): void {
  const started = performance.now();
  const run = Bun.spawnSync(command, { cwd: root, stdout: "pipe", stderr: "pipe" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (run.success) {
    passed++;
    console.log(`ok    ${name} (${seconds} s)`);
  } else {
    failed++;
    console.log(`FAIL  ${name} (${seconds} s)\n${run.stdout}${run.stderr}`);
  }
}

/** Runs the tests and counts each; the runner's own report is read, so the numbers are those of the tests. */
function tests(): void {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-gate-"));
  const report = join(folder, "junit.xml");
  try {
    const run = Bun.spawnSync(
      [
        bun,
        "test",
        "--timeout=60000",
        "--reporter=junit",
        `--reporter-outfile=${report}`,
        ...process.argv.slice(2),
      ],
      { cwd: root, stdout: "inherit", stderr: "inherit" },
    );
    const xml = readFileSync(report, "utf8");
    let failures = 0;
    for (
      const [, attributes, body = ""] of xml.matchAll(
        /<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
      )
    ) {
      const name = unescape(/\bname="([^"]*)"/.exec(attributes!)?.[1] ?? "?");
      if (body.includes("<skipped")) skipped.push(name);
      else if (body.includes("<failure") || body.includes("<error")) failures++;
      else passed++;
    }
    failed += failures;
    // A file that does not load has no test case to fail.
    if (!run.success && failures === 0) failed++;
  } catch (error) {
    failed++;
    console.log(`FAIL  the tests left no report: ${error}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll(
    "&apos;",
    "'",
  )
    .replaceAll("&amp;", "&");
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
check("build", [bun, "scripts/build.ts"]);
tests();
for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(failed === 0 ? 0 : 1);
