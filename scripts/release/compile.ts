/**
 * A program: runtime and bundled sources in one file.
 *
 * @module
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compileCore } from "./core.ts";
import { makeOneFile } from "./one_file/mod.ts";
import type { Parts } from "./one_file/parts.ts";
import { writeDisarmed } from "./runtime.ts";
import { bundledPackages } from "./sbom.ts";
import type { Target } from "./targets.ts";

/** What goes into a build beside the sources. */
export interface Build {
  /** Folder with src/ and ffi/. */
  readonly root: string;
  readonly target: Target;
  /** As it comes from npm: the one made for musl where there are parts to be joined with it, else the one made for glibc. */
  readonly runtime: Uint8Array;
  /** What makes one file of it, that starts anywhere; `null` for the plain program, which takes the C library that is there. */
  readonly parts: Parts | null;
  readonly version: string;
  /** "" outside a checkout. */
  readonly commit: string;
  /** The second gear of the core, in base64: core.ts. */
  readonly core: string;
  /** The only gear that the program has, for tests; absent for both. */
  readonly gear?: 1 | 2;
  /** Folder for temporary files. */
  readonly scratch: string;
}

/**
 * Makes the program at `path`. Nothing of the machine, the time or the place gets into it: the same sources give the same
 * bytes. Throws when the build fails.
 *
 * Unknown build flags are ignored without a word: tests check what the result does.
 */
export async function compile(build: Build, path: string): Promise<void> {
  const { root, target, version, commit, core, gear, parts } = build;
  const staging = join(build.scratch, `build-${target.name}${parts === null ? "-plain" : ""}`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    const runtime = join(staging, "runtime");
    await writeDisarmed(build.runtime, runtime);
    // The outfile's name is part of the file, so it is built under its own name and moved.
    const outfile = join(staging, "sockeye");
    const run = Bun.spawnSync([
      process.execPath,
      "build",
      "--compile",
      `--target=bun-${target.name}${parts === null ? "" : "-musl"}`,
      `--compile-executable-path=${runtime}`,
      "--minify",
      "--bytecode",
      "--format=esm",
      "--splitting",
      // Each chunk costs a lookup and a link of its own.
      "--min-chunk-size=1024",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      "--no-compile-autoload-tsconfig",
      "--no-compile-autoload-package-json",
      "--compile-exec-argv=--disallow-code-generation-from-strings=strict --no-addons --no-ffi-cc",
      // Known here, so that the numbers of the other architecture are left out.
      `--define=process.arch=${JSON.stringify(target.arch)}`,
      `--define=SOCKEYE_VERSION=${JSON.stringify(version)}`,
      `--define=SOCKEYE_COMMIT=${JSON.stringify(commit)}`,
      `--define=SOCKEYE_CORE=${JSON.stringify(core)}`,
      ...(gear === undefined ? [] : [`--define=SOCKEYE_GEAR=${gear}`]),
      // The second entry by its name alone, so that it is found from a chunk as it is from its source.
      "--entry-naming=[name].[ext]",
      `--outfile=${outfile}`,
      join(root, "src/main.ts"),
      join(root, "src/proc/scan_worker.ts"),
    ], { cwd: root, stdout: "pipe", stderr: "pipe" });
    if (!run.success) {
      throw new Error(`The build for ${target.name} failed:\n${run.stdout}${run.stderr}`);
    }
    if (parts !== null) {
      const program = await Bun.file(outfile).bytes();
      await Bun.write(outfile, await makeOneFile(target, program, parts, staging));
      chmodSync(outfile, 0o755);
    }
    mkdirSync(dirname(path), { recursive: true });
    renameSync(outfile, path);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * Builds once more, from a copy of the sources in another folder, and compares with the file at `path`. Returns the digest
 * that both have. Throws when they differ.
 */
export async function proveReproducible(build: Build, path: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-again-"));
  try {
    for (const name of ["src", "ffi", "package.json", "tsconfig.json", "schema"]) {
      cpSync(join(build.root, name), join(folder, name), { recursive: true });
    }
    for (const path of bundledPackages(build.root)) {
      cpSync(join(build.root, path), join(folder, path), { recursive: true });
    }
    const again = join(folder, "again");
    const core = await compileCore(folder);
    await compile({ ...build, core, root: folder, scratch: join(folder, "scratch") }, again);
    const [first, second] = [await sha256(path), await sha256(again)];
    if (first !== second) {
      throw new Error(`Two builds for ${build.target.name} differ: ${first}, ${second}`);
    }
    return first;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The digest of a file, in hexadecimal. */
export async function sha256(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
}
