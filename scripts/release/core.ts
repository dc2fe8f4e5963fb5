/**
 * The second gear of the core: src/core/ compiled to WebAssembly by AssemblyScript.
 *
 * @module
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/**
 * Compiles the core below `root`. Returns the module in base64, the same for the same sources. Throws with the compiler's messages
 * when it fails.
 */
export async function compileCore(root: string): Promise<string> {
  // Loaded where something has to be compiled: it is large.
  const { main } = await import("assemblyscript/asc");
  const folder = join(root, "src/core");
  let module: Uint8Array | undefined;
  let messages = "";
  const { error } = await main([
    "mod.ts",
    "--outFile=core.wasm",
    "-O3",
    "--noAssert",
    "--runtime=stub",
    "--importMemory",
  ], {
    stdout: { write: () => {} },
    stderr: { write: (text: string | Uint8Array) => messages += text },
    readFile: (name: string) => {
      // The compiler has the names of files without their ends.
      const path = join(folder, name === "memory.ts" ? "memory_wasm.ts" : name);
      return existsSync(path) ? readFileSync(path, "utf8").replace(/\.ts";$/gm, '";') : null;
    },
    writeFile: (_name: string, contents: string | Uint8Array) => {
      if (typeof contents !== "string") module = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || module === undefined) {
    throw new Error(`The core cannot be compiled to WebAssembly:\n${messages}${error ?? ""}`);
  }
  return module.toBase64();
}

/**
 * As {@linkcode compileCore}, but only where the sources or the compiler changed since: it takes seconds. What it gave is kept in
 * node_modules/.cache, where tools keep such things.
 */
export async function keptCore(root: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256").update(
    readFileSync(join(root, "node_modules/assemblyscript/package.json")),
  );
  const folder = join(root, "src/core");
  for (const name of readdirSync(folder).sort()) hasher.update(readFileSync(join(folder, name)));
  const path = join(root, "node_modules/.cache/sockeye-core", hasher.digest("hex"));
  if (existsSync(path)) return readFileSync(path, "utf8");
  const module = await compileCore(root);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, module);
  renameSync(`${path}.${process.pid}`, path);
  return module;
}
