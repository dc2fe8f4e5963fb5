/**
 * Security contexts, for `-Z` and `-z`.
 *
 * @module
 */
import { AT_FDCWD } from "../../../../ffi/files.ts";
import { cString } from "../../../../ffi/memory.ts";
import { tryStatAt } from "../../../../ffi/stat.ts";
import { tryGetXattr } from "../../../../ffi/xattr.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import { utf8Text } from "../../../text/encoding.ts";

/** Shown when a context cannot be read. */
const UNAVAILABLE = "unavailable";

/** True when SELinux is on. Its file system then shows the version of the policy. */
export function selinuxEnabled(): boolean {
  return typeof tryStatAt(AT_FDCWD, cString("/sys/fs/selinux/policyvers")) !== "number";
}

/** The context of a process. */
export function processContext(root: ProcRoot, pid: number): string {
  const bytes = root.read(`${pid}/attr/current`, 4096);
  return typeof bytes === "number" ? UNAVAILABLE : contextOf(bytes);
}

/** The context of a socket, which is that of the file that a descriptor refers to. */
export function socketContext(root: ProcRoot, pid: number, fd: number): string {
  const bytes = tryGetXattr(`${root.path}/${pid}/fd/${fd}`, "security.selinux");
  return typeof bytes === "number" ? UNAVAILABLE : contextOf(bytes);
}

/** The text of a context. The kernel ends it with a NUL or a newline. */
function contextOf(bytes: Uint8Array): string {
  const text = utf8Text(bytes).replace(/[\0\n].*$/s, "");
  return text === "" ? UNAVAILABLE : text;
}
