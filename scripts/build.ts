/**
 * Builds dist/sockeye: one file that holds the runtime and the bundled program.
 *
 * The runtime reads two environment variables that turn any program made from it into an interpreter (BUN_BE_BUN) or make
 * it load a stranger's code (BUN_OPTIONS). Their names are overwritten in a copy of the runtime before compiling, and how
 * often each occurs is checked, because a new runtime may spell them elsewhere. Unknown build flags are ignored without a
 * word: test/build.test.ts checks what the result does.
 */
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");
const { version } = await Bun.file(join(root, "package.json")).json();

/** Names in the runtime, and how often each stands there in the pinned version. */
const SWITCHES: readonly (readonly [name: string, hits: number])[] = [["BUN_BE_BUN", 1], [
  "BUN_OPTIONS",
  2,
]];

async function patchedRuntime(): Promise<string> {
  const target = join(dist, "runtime");
  copyFileSync(process.execPath, target);
  const bytes = Buffer.from(await Bun.file(target).arrayBuffer());
  for (const [name, hits] of SWITCHES) {
    let found = 0;
    // A whole C string: followed by NUL, so that a longer name is not taken for this one.
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
      bytes[at] = 0;
      found++;
    }
    if (found !== hits) {
      throw new Error(
        `${name} stands ${found} times in the runtime, not ${hits}: see scripts/build.ts`,
      );
    }
  }
  await Bun.write(target, bytes);
  chmodSync(target, 0o755);
  return target;
}

function commit(): string {
  const git = Bun.spawnSync(["git", "-C", root, "rev-parse", "--short=12", "HEAD"], {
    stderr: "ignore",
  });
  return git.success ? git.stdout.toString().trim() : "";
}

mkdirSync(dist, { recursive: true });
const runtime = await patchedRuntime();
const staging = join(dist, "build");
rmSync(staging, { recursive: true, force: true });
mkdirSync(staging);
// The outfile's name is part of the file, so it is built under its own name and moved.
const build = Bun.spawnSync([
  process.execPath,
  "build",
  "--compile",
  `--compile-executable-path=${runtime}`,
  "--minify",
  "--bytecode",
  "--format=esm",
  "--splitting",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
  "--compile-exec-argv=--disallow-code-generation-from-strings=strict --no-addons --no-ffi-cc",
  `--define=SOCKEYE_VERSION=${JSON.stringify(version)}`,
  `--define=SOCKEYE_COMMIT=${JSON.stringify(commit())}`,
  `--outfile=${join(staging, "sockeye")}`,
  join(root, "src/main.ts"),
], { cwd: root, stdout: "inherit", stderr: "inherit" });
if (!build.success) process.exit(2);
renameSync(join(staging, "sockeye"), join(dist, "sockeye"));
rmSync(staging, { recursive: true });
rmSync(runtime);
