/**
 * Says which files of src/ no test reaches in its own process: most tests run the compiled program, where the runner sees
 * nothing. Usage: coverage.ts [ARGUMENTS OF THE TEST RUNNER]; `./scripts/test --coverage` runs it.
 * A file is reached when a function of it was called, or, where it has none, when it was loaded. Files that hold types alone
 * are left out. Ends with a line of counts; the status is that of the tests.
 */
import { Glob } from "bun";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** What lcov says of one file. */
interface FileCoverage {
  readonly functions: number;
  readonly functionsCalled: number;
}

/** Reads `lcov.info`: a record a file, from SF: to end_of_record. */
function parseLcov(text: string): Map<string, FileCoverage> {
  const files = new Map<string, FileCoverage>();
  for (const record of text.split("end_of_record")) {
    const path = /^SF:(.+)$/m.exec(record)?.[1];
    if (path === undefined) continue;
    const number = (key: string) => Number(new RegExp(`^${key}:(\\d+)$`, "m").exec(record)?.[1]);
    files.set(path, { functions: number("FNF"), functionsCalled: number("FNH") });
  }
  return files;
}

/** False for a file of which nothing is left without its types. */
function hasCode(path: string): boolean {
  const transpiler = new Bun.Transpiler({ loader: "ts", deadCodeElimination: false });
  const code = transpiler.transformSync(readFileSync(join(root, path), "utf8"));
  return code.replace(/^(?:import|export \*|export \{).*$/gm, "").trim() !== "";
}

const folder = mkdtempSync(join(tmpdir(), "sockeye-coverage-"));
let status = 0;
try {
  const run = Bun.spawnSync(
    [
      process.execPath,
      "test",
      "--timeout=60000",
      "--coverage",
      "--coverage-reporter=lcov",
      `--coverage-dir=${folder}`,
      ...process.argv.slice(2),
    ],
    { cwd: root, stdout: "inherit", stderr: "inherit" },
  );
  status = run.exitCode;
  const covered = parseLcov(readFileSync(join(folder, "lcov.info"), "utf8"));
  const files = [...new Glob("src/**/*.ts").scanSync(root)].filter(hasCode).sort();
  const lines = (path: string) => readFileSync(join(root, path), "utf8").split("\n").length - 1;
  const unloaded = files.filter((path) => !covered.has(path));
  const uncalled = files.filter((path) => {
    const file = covered.get(path);
    return file !== undefined && file.functions > 0 && file.functionsCalled === 0;
  });
  for (const path of unloaded) console.log(`not loaded: ${path} (${lines(path)} lines)`);
  for (const path of uncalled) console.log(`no function called: ${path} (${lines(path)} lines)`);
  console.log(
    `${files.length} files of src/ with code: ${
      files.length - unloaded.length - uncalled.length
    } reached by tests in their own process, ${unloaded.length} not loaded, ${uncalled.length} without a call`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(status);
