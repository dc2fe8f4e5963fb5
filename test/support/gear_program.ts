/**
 * The program with one gear of its core only: a build of its own, since what is released has no such choice.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../scripts/release/compile.ts";
import { keptCore } from "../../scripts/release/core.ts";
import { hostTarget } from "../../scripts/release/targets.ts";

/** Builds it into a folder that goes with the result. */
export async function programOfGear(gear: 1 | 2): Promise<Disposable & { readonly path: string }> {
  const root = join(import.meta.dir, "../..");
  const folder = mkdtempSync(join(tmpdir(), "sockeye-gear-"));
  const path = join(folder, "sockeye");
  await compile({
    root,
    target: hostTarget(),
    runtime: await Bun.file(process.execPath).bytes(),
    parts: null,
    version: "0.0.0",
    commit: "",
    core: await keptCore(root),
    gear,
    scratch: join(folder, "scratch"),
  }, path);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
