/**
 * /proc/PID/mountinfo: what is mounted where.
 *
 * @module
 */
import type { Device } from "../../ffi/stat.ts";
import { latin1Bytes, latin1Text, utf8Text } from "../text/encoding.ts";
import type { ProcRoot } from "./root.ts";

/** One mount. Text is one character a byte. */
export interface Mount {
  /** As statx(2) and fdinfo have it. */
  readonly id: number;
  readonly device: Device;
  /** The part of the file system that is mounted: a directory, or `net:[N]` for a namespace. */
  readonly root: string;
  /** Where it is mounted. */
  readonly directory: string;
  /** `ext4`, `mqueue` … */
  readonly type: string;
  /** The device, or another text that the file system chose. May be empty. */
  readonly source: string;
  /** Options of the file system, separated by commas. Options of this mount alone are not among them. */
  readonly superOptions: string;
}

/**
 * Parses mountinfo(5): `id parent major:minor root directory options … - type source options`. Kernel: show_mountinfo in
 * fs/proc_namespace.c. A line of another form is passed over.
 *
 * ```ts
 * parseMountinfo("36 35 98:0 / /mnt rw master:1 - ext3 /dev/root rw,errors=continue\n");
 * // [{ id: 36, device: { major: 98, minor: 0 }, root: "/", directory: "/mnt", type: "ext3", source: "/dev/root", … }]
 * ```
 */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    // The number of fields before the dash varies. Blanks within a field are escaped.
    const dash = line.indexOf(" - ");
    if (dash < 0) continue;
    const [id, parent, device, root, directory, options] = line.slice(0, dash).split(" ");
    const [type, source, superOptions] = line.slice(dash + 3).split(" ");
    const numbers = /^(\d+):(\d+)$/.exec(device ?? "");
    if (!isNumber(id) || !isNumber(parent) || numbers === null) continue;
    if (!root || !directory || options === undefined || !type || source === undefined) continue;
    mounts.push({
      id: Number(id),
      device: { major: Number(numbers[1]), minor: Number(numbers[2]) },
      root: unescapeOctal(root),
      directory: unescapeOctal(directory),
      type,
      source: unescapeOctal(source),
      superOptions: superOptions ?? "",
    });
  }
  return mounts;
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

// The kernel writes space, tab, newline and backslash as three octal digits.
function unescapeOctal(text: string): string {
  return text.replace(
    /\\([0-7]{3})/g,
    (_, digits: string) => String.fromCharCode(parseInt(digits, 8)),
  );
}

/** The mounts that this thread sees; none where /proc does not tell. */
export function readMountinfo(root: ProcRoot, process = "thread-self"): Mount[] {
  const mounts = tryReadMountinfo(root, process);
  return typeof mounts === "number" ? [] : mounts;
}

/** The mounts that this thread sees, or the negated errno where /proc does not tell. */
export function tryReadMountinfo(root: ProcRoot, process = "thread-self"): Mount[] | number {
  const bytes = root.read(`${process}/mountinfo`);
  return typeof bytes === "number" ? bytes : parseMountinfo(latin1Text(bytes));
}

/** A namespace that is mounted at a path, as `ip netns add` and container runtimes do. */
interface NamespaceMount {
  readonly inode: number;
  /** Mount point. */
  readonly path: string;
  /** Last part of the path: the name. */
  readonly name: string;
}

/**
 * The network namespaces among these mounts. Those under /run/netns come first, because `ip netns` puts its names there.
 */
export function namespaceMounts(mounts: readonly Mount[]): NamespaceMount[] {
  const found: NamespaceMount[] = [];
  for (const { type, root, directory } of mounts) {
    const match = type === "nsfs" ? /^net:\[(\d+)\]$/.exec(root) : null;
    if (match === null) continue;
    const path = utf8Text(latin1Bytes(directory));
    found.push({ inode: Number(match[1]), path, name: path.slice(path.lastIndexOf("/") + 1) });
  }
  const rank = ({ path }: NamespaceMount) => /^(\/var)?\/run\/netns\//.test(path) ? 0 : 1;
  return found.sort((a, b) => rank(a) - rank(b));
}
