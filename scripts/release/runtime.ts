/**
 * The runtime that a program is made of: taken from npm, checked against the lock file, with the names of the environment
 * variables overwritten that would make the program something else, and without the data of ICU that nothing asks for.
 *
 * @module
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { emptyIcu } from "./icu.ts";

/**
 * Names in the runtime, and how often each stands there in the pinned version, the same in all four:
 *
 * - BUN_BE_BUN turns any program made from the runtime into an interpreter, BUN_OPTIONS gives it arguments.
 * - BUN_INSPECT opens a debugger's port, its relatives connect to one, and BUN_INSPECT_PRELOAD loads a file.
 * - BUN_BYTECODE_ORDER_OUT and its relatives write a file.
 * - BUN_ENABLE_CRASH_REPORTING sends a crash's addresses to where BUN_CRASH_REPORT_URL says.
 * - WTF_numberOfProcessorCores prints a warning, JSC_SIGNAL_FOR_GC ends the program.
 * - What begins with JSC_ is the name of an engine's option, which a BUN_JSC_ variable sets before the program begins and can
 *   refuse: those that replace the body of a function by what a file says, those that read or write files, and a watchdog that ends
 *   the program with status 0.
 *
 * A name that others begin with stands for all of them.
 */
export const SWITCHES: readonly (readonly [name: string, hits: number])[] = [
  ["BUN_BE_BUN", 1],
  ["BUN_OPTIONS", 2],
  ["BUN_INSPECT", 11],
  ["BUN_BYTECODE_", 4],
  ["BUN_ENABLE_CRASH_REPORTING", 1],
  ["BUN_CRASH_REPORT_URL", 1],
  ["WTF_numberOfProcessorCores", 1],
  ["JSC_PROFILER_PATH", 1],
  ["JSC_SIGNAL_FOR_GC", 2],
  ["JSC_configFile", 1],
  ["JSC_diskCachePath", 1],
  ["JSC_dumpIonGraph", 1],
  ["JSC_dumpJITMemoryPath", 1],
  ["JSC_functionOverrides", 1],
  ["JSC_forceDiskCache", 1],
  ["JSC_fuzzerPredictionsFile", 1],
  ["JSC_ionGraphDirectory", 1],
  ["JSC_irDumpDirectory", 1],
  ["JSC_jitDumpDirectory", 1],
  ["JSC_samplingProfilerPath", 1],
  ["JSC_sourceCodeDumpDirectory", 1],
  ["JSC_textMarkersDirectory", 1],
  ["JSC_useDollarVM", 1],
  ["JSC_useGdbJITInfo", 1],
  ["JSC_useIRDump", 1],
  ["JSC_useJITDump", 1],
  ["JSC_usePredictionFileCreatingFuzzerAgent", 1],
  ["JSC_useSamplingProfiler", 1],
  ["JSC_useSourceCodeDump", 1],
  ["JSC_useTextMarkers", 1],
  ["JSC_watchdog", 1],
];

/** The engine's options are looked up in the environment with these letters before them, and in its own table without. */
const PREFIX = "JSC_";

/** Overwrites the first letter of every switch with NUL, after JSC_ if it begins so. Throws when a name is not found as often as it should be. */
export function disarm(bytes: Buffer): void {
  for (const [name, hits] of SWITCHES) {
    let found = 0;
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
      bytes[at] = 0;
      if (name.startsWith(PREFIX)) bytes[at + PREFIX.length] = 0;
      found++;
    }
    if (found !== hits) {
      throw new Error(
        `${name} stands ${found} times in the runtime, not ${hits}: see scripts/release/runtime.ts`,
      );
    }
  }
}

/** Writes a disarmed copy of a runtime to `path`, without most of ICU's data. */
export async function writeDisarmed(runtime: Uint8Array, path: string): Promise<void> {
  const bytes = Buffer.from(runtime);
  disarm(bytes);
  emptyIcu(bytes);
  await Bun.write(path, bytes);
  chmodSync(path, 0o755);
}

interface Locked {
  readonly version: string;
  readonly integrity: string;
}

/** What the lock file says of a package. */
export function locked(root: string, name: string): Locked {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const entry = lock.packages[`node_modules/${name}`];
  if (entry === undefined) throw new Error(`${name} is not in package-lock.json`);
  return entry;
}

/** A package is in no cache and npm cannot fetch it: the network is at fault, not the package. */
export class NotFetched extends Error {}

/**
 * The runtime in a package. The package is fetched once by npm into `cache`, and is compared with the lock
 * file's integrity every time, so that a file put there by somebody else is refused. Throws `NotFetched` when npm cannot get it.
 */
export async function fetchRuntime(
  root: string,
  name: string,
  cache: string,
): Promise<Uint8Array> {
  const { version, integrity } = locked(root, name);
  mkdirSync(cache, { recursive: true });
  const tarball = join(
    cache,
    `${name.replace("@", "").replace("/", "-")}-${version}.tgz`,
  );
  if (!existsSync(tarball)) {
    const folder = join(cache, `fetch-${process.pid}`);
    mkdirSync(folder);
    try {
      const pack = Bun.spawnSync(
        // npm's own cache has what an earlier checkout fetched.
        [
          "npm",
          "pack",
          "--silent",
          "--prefer-offline",
          "--ignore-scripts",
          `${name}@${version}`,
        ],
        { cwd: folder, stdout: "pipe", stderr: "inherit" },
      );
      if (!pack.success) throw new NotFetched(`npm pack ${name}@${version} failed`);
      renameSync(join(folder, pack.stdout.toString().trim()), tarball);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const packed = readFileSync(tarball);
  const [algorithm, digest] = integrity.split(/-(.*)/s) as [string, string];
  const found = new Bun.CryptoHasher(algorithm as "sha512").update(packed).digest("base64");
  if (found !== digest) {
    throw new Error(`${tarball} is not what package-lock.json says: ${algorithm} ${found}`);
  }
  const files = await new Bun.Archive(packed).files("**/bin/bun");
  const [file] = files.values();
  if (file === undefined || files.size !== 1) throw new Error(`${tarball} holds no bin/bun`);
  return new Uint8Array(await file.arrayBuffer());
}
