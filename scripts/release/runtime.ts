/**
 * The runtime that a binary is made of: taken from npm, checked against the lock file, and with the names of the environment
 * variables overwritten that would make the program something else.
 *
 * @module
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./targets.ts";

/**
 * Names in the runtime, and how often each stands there in the pinned version, the same in all four:
 *
 * - BUN_BE_BUN turns any program made from the runtime into an interpreter, BUN_OPTIONS gives it arguments.
 * - BUN_INSPECT opens a debugger's port, its relatives connect to one, and BUN_INSPECT_PRELOAD loads a file.
 * - BUN_BYTECODE_ORDER_OUT and its relatives write a file.
 * - BUN_ENABLE_CRASH_REPORTING sends a crash's addresses to where BUN_CRASH_REPORT_URL says.
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
];

/** Overwrites the first letter of every switch with NUL. Throws when a name is not found as often as it should be. */
export function disarm(bytes: Buffer): void {
  for (const [name, hits] of SWITCHES) {
    let found = 0;
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
      bytes[at] = 0;
      found++;
    }
    if (found !== hits) {
      throw new Error(
        `${name} stands ${found} times in the runtime, not ${hits}: see scripts/release/runtime.ts`,
      );
    }
  }
}

/** Writes a disarmed copy of a runtime to `path`. */
export async function writeDisarmed(runtime: Uint8Array, path: string): Promise<void> {
  const bytes = Buffer.from(runtime);
  disarm(bytes);
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

/**
 * The runtime of a target, from its package. The package is fetched once by npm into `cache`, and is compared with the lock
 * file's integrity every time, so that a file put there by somebody else is refused.
 */
export async function fetchRuntime(
  root: string,
  target: Target,
  cache: string,
): Promise<Uint8Array> {
  const { version, integrity } = locked(root, target.package);
  mkdirSync(cache, { recursive: true });
  const tarball = join(
    cache,
    `${target.package.replace("@", "").replace("/", "-")}-${version}.tgz`,
  );
  if (!existsSync(tarball)) {
    const folder = join(cache, `fetch-${process.pid}`);
    mkdirSync(folder);
    try {
      const pack = Bun.spawnSync(
        ["npm", "pack", "--silent", "--ignore-scripts", `${target.package}@${version}`],
        { cwd: folder, stdout: "pipe", stderr: "inherit" },
      );
      if (!pack.success) throw new Error(`npm pack ${target.package}@${version} failed`);
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
