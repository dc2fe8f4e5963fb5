/**
 * The mark that the kernel puts behind the path of a file that was unlinked, in links of /proc and in /proc/PID/maps.
 *
 * Kernel: prepend_path in fs/d_path.c. A file's real name may end like that too. Only its link count tells for sure.
 * A path that is nothing but the mark is taken for a name.
 *
 * @module
 */

const MARK = " (deleted)";

/** A path without the mark, and whether it had one. */
export interface Unmarked<Path> {
  readonly path: Path;
  readonly deleted: boolean;
}

/**
 * Takes the mark off a path of bytes.
 *
 * ```ts
 * withoutDeletedMark(utf8Bytes("/usr/sbin/nginx (deleted)")); // { path: "/usr/sbin/nginx" as bytes, deleted: true }
 * ```
 */
export function withoutDeletedMark(
  target: Uint8Array<ArrayBuffer>,
): Unmarked<Uint8Array<ArrayBuffer>> {
  const cut = target.length - MARK.length;
  let deleted = cut > 0;
  for (let i = 0; deleted && i < MARK.length; i++) {
    deleted = target[cut + i] === MARK.charCodeAt(i);
  }
  return { path: deleted ? target.slice(0, cut) : target, deleted };
}

/** As {@linkcode withoutDeletedMark}, for a path of one character a byte. */
export function textWithoutDeletedMark(path: string): Unmarked<string> {
  const deleted = path.length > MARK.length && path.endsWith(MARK);
  return { path: deleted ? path.slice(0, -MARK.length) : path, deleted };
}
