/**
 * Network namespaces as /proc shows them: the link of a process, and mounts that keep one alive.
 *
 * @module
 */

const NET = "net:[";

/** The number in `net:[N]`, the target of /proc/PID/ns/net and of a descriptor that holds one; -1 for another target. */
export function netnsInode(target: Uint8Array, length = target.length): number {
  if (length < 7 || target[length - 1] !== 0x5d) return -1;
  for (let i = 0; i < NET.length; i++) if (target[i] !== NET.charCodeAt(i)) return -1;
  let inode = 0;
  for (let i = NET.length; i < length - 1; i++) {
    const digit = target[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    inode = inode * 10 + digit;
  }
  return inode;
}

/** A namespace bound to a path, as `ip netns add` and container runtimes do. */
export interface NamespaceMount {
  readonly inode: number;
  /** Mount point, one character a byte. */
  readonly path: string;
  /** Last part of the path: the name. */
  readonly name: string;
}

/**
 * Mounts of network namespaces in /proc/PID/mountinfo (proc(5)). A name under /run/netns comes before one elsewhere, because
 * that is where people give names.
 */
export function parseNamespaceMounts(mountinfo: string): NamespaceMount[] {
  const mounts: NamespaceMount[] = [];
  for (const line of mountinfo.split("\n")) {
    // 36 35 0:4 net:[4026532178] /run/netns/web rw shared:1 - nsfs nsfs rw
    const dash = line.indexOf(" - ");
    if (dash < 0 || !line.startsWith("nsfs ", dash + 3)) continue;
    const fields = line.slice(0, dash).split(" ");
    const match = /^net:\[(\d+)\]$/.exec(fields[3] ?? "");
    const point = fields[4];
    if (match === null || point === undefined) continue;
    const path = unescapeMount(point);
    mounts.push({
      inode: Number(match[1]),
      path,
      name: path.slice(path.lastIndexOf("/") + 1),
    });
  }
  const named = (mount: NamespaceMount) => /^(\/var)?\/run\/netns\//.test(mount.path) ? 0 : 1;
  return mounts.sort((a, b) => named(a) - named(b));
}

// The kernel writes space, tab, newline and backslash of a path as three octal digits.
function unescapeMount(text: string): string {
  return text.replace(
    /\\([0-7]{3})/g,
    (_, digits: string) => String.fromCharCode(parseInt(digits, 8)),
  );
}
