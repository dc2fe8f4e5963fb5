/**
 * Makes a folder that looks like /proc, from a description: files, and symbolic links to nothing.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Path → content of a file, or `{ link }`. */
export type ProcTree = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

/** Makes the tree in a temporary folder. Dispose it to remove the folder. */
export function procTree(tree: ProcTree): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "sockeye-proc-"));
  for (const [name, content] of Object.entries(tree)) {
    const at = join(path, name);
    mkdirSync(dirname(at), { recursive: true });
    if (typeof content === "object" && "link" in content) symlinkSync(content.link, at);
    else if (name.endsWith("/")) mkdirSync(at, { recursive: true });
    else writeFileSync(at, content);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** /proc/PID/stat of an ordinary process: `comm` goes in as it is. */
export function statFile(
  pid: number,
  comm: string,
  options: { ppid?: number; state?: string; flags?: number } = {},
): string {
  const { ppid = 1, state = "S", flags = 4194304 } = options;
  return `${pid} (${comm}) ${state} ${ppid} ${pid} ${pid} 0 -1 ${flags} 1 0 0 0 0 0 0 0 20 0 1 0 5000 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n`;
}
