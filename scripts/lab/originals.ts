/**
 * The programs that are compared with.
 *
 * @module
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Tool } from "./documented.ts";

/** An original: its file, and the release that it says it is. */
export interface Original {
  readonly file: string;
  readonly release: string;
}

/** How each tells its release. */
const RELEASE: Readonly<Record<Tool, readonly [flag: string, form: RegExp]>> = {
  ss: ["-V", /iproute2-(\S+)/],
  netstat: ["-V", /net-tools (\S+)/],
  lsof: ["-v", /revision: (\S+)/],
};

/** The original of a mode, or why there is none. `file` is one that was asked for, and `folder` is seen by all. */
export function originalOf(
  tool: Tool,
  folder: string,
  file?: string,
): Original | { readonly reason: string } {
  const path = file ?? (tool === "ss" ? newestSs(folder) : Bun.which(tool));
  if (path === null || !existsSync(path)) {
    return {
      reason: tool === "ss"
        ? "Debian's newest ss is not unpacked: ./scripts/newest_ss does that"
        : `there is no ${tool} program`,
    };
  }
  const [flag, form] = RELEASE[tool];
  const ran = Bun.spawnSync([path, flag], { stdin: "ignore", stderr: "pipe" });
  const release = form.exec(`${ran.stdout}${ran.stderr}`)?.[1];
  return release === undefined
    ? { reason: `${path} ${flag} tells no release` }
    : { file: path, release };
}

/**
 * What scripts/tools has unpacked into the cache, as seen from `folder`: the cache is in the home of root, where nobody else
 * may look. The mount goes with the mount namespace.
 */
function newestSs(folder: string): string | null {
  const unpacked = join(process.env.SOCKEYE_CACHE ?? "/nonexistent", "newest-ss");
  if (!existsSync(join(unpacked, "ss"))) return null;
  const seen = join(folder, "newest-ss");
  mkdirSync(seen, { recursive: true });
  const mounted = Bun.spawnSync(["mount", "--bind", unpacked, seen]);
  return mounted.success ? join(seen, "ss") : null;
}
