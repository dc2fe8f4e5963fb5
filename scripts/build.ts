/**
 * Builds. Without flags dist/sockeye, the plain program for this machine, from the runtime that runs this script: it starts
 * where there is glibc.
 *
 * --all        dist/release/: the one file of each target, which starts anywhere, SHA256SUMS, the bill of materials, notices
 * --package    the same, and packages for Debian and Alpine
 * --check      builds everything twice, in different folders, and compares the bytes
 * --fetch      only gets what --all is made of; status 3 when npm or Debian's packages do not have it
 */
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { type Build, compile, proveReproducible, sha256 } from "./release/compile.ts";
import { keptCore } from "./release/core.ts";
import { findParts, type Library, Missing, notices } from "./release/one_file/parts.ts";
import { packageAlpine, packageDebian } from "./release/packages.ts";
import { fetchRuntime, NotFetched } from "./release/runtime.ts";
import { billOfMaterials } from "./release/sbom.ts";
import { hostTarget, TARGETS } from "./release/targets.ts";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");
/** Where the runtimes' packages are kept. */
const runtimes = join(dist, "runtimes");
const { version } = await Bun.file(join(root, "package.json")).json();

const flags = new Set(process.argv.slice(2));
const FLAGS = ["--all", "--package", "--check", "--fetch"];
const unknown = [...flags].find((flag) => !FLAGS.includes(flag));
if (unknown !== undefined) {
  console.error(`there is no flag ${unknown}: expected ${FLAGS.join(", ")}`);
  process.exit(2);
}
const check = flags.has("--check");
const scratch = join(dist, `scratch-${process.pid}`);
try {
  if (flags.has("--fetch")) {
    for (const target of TARGETS) {
      await fetchRuntime(root, target.package, runtimes);
      findParts(target);
    }
  } else {
    const common = { root, version, commit: commit(), scratch, core: await keptCore(root) };
    if (flags.has("--all") || flags.has("--package")) await release(common);
    else await forThisMachine(common);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof NotFetched || error instanceof Missing ? 3 : 2);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function commit(): string {
  // A build works without git, and outside a checkout.
  if (Bun.which("git") === null) return "";
  const git = Bun.spawnSync(["git", "-C", root, "rev-parse", "--short=12", "HEAD"], {
    stderr: "ignore",
  });
  return git.success ? git.stdout.toString().trim() : "";
}

/** What all builds have in common. */
type Common = Omit<Build, "target" | "runtime" | "parts">;

async function forThisMachine(common: Common): Promise<void> {
  const runtime = await Bun.file(process.execPath).bytes();
  const build: Build = { ...common, target: hostTarget(), runtime, parts: null };
  const path = join(dist, "sockeye");
  await compile(build, path);
  if (check) console.log(`two builds are the same: ${await proveReproducible(build, path)}`);
}

async function release(common: Common): Promise<void> {
  const folder = join(dist, "release");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const parts = TARGETS.map((target) => ({ target, parts: findParts(target) }));
  const libraries: Library[] = parts.flatMap(({ parts }) => [...parts.libraries]);
  const notice = join(folder, `sockeye-${version}-NOTICES.txt`);
  await Bun.write(notice, notices(root, version, libraries));
  const bill = join(folder, `sockeye-${version}.cdx.json`);
  await Bun.write(
    bill,
    `${JSON.stringify(await billOfMaterials(root, version, TARGETS, libraries), null, 2)}\n`,
  );
  const files = [notice, bill];
  for (const { target, parts: made } of parts) {
    const runtime = await fetchRuntime(root, target.package, runtimes);
    const build: Build = { ...common, target, runtime, parts: made };
    const path = join(folder, `sockeye-${version}-${target.name}`);
    await compile(build, path);
    files.push(path);
    const bytes = await Bun.file(path).bytes();
    const packed = (await Bun.zstdCompress(bytes, { level: 9 })).length;
    console.log(`${basename(path)}: ${megabytes(bytes.length)}, by zstd -9 ${megabytes(packed)}`);
    if (check) console.log(`  two builds are the same: ${await proveReproducible(build, path)}`);
    if (flags.has("--package")) {
      for (const packaged of [packageDebian, packageAlpine]) {
        const package_ = await packaged({ root, version, target, program: path, notice, folder });
        console.log(`${basename(package_)}: ${megabytes(Bun.file(package_).size)}`);
        files.push(package_);
      }
    }
  }
  let sums = "";
  for (const path of files) sums += `${await sha256(path)}  ${basename(path)}\n`;
  await Bun.write(join(folder, "SHA256SUMS"), sums);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
