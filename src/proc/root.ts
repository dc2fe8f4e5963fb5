/**
 * ProcRoot: where /proc is read from. Tests read a folder of fixtures instead.
 *
 * @module
 */
import { ENOENT } from "../../ffi/errno.ts";
import { AT_FDCWD, tryReadFileAt, tryReadLink } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { latin1Text } from "../text/encoding.ts";

/** A /proc, or a folder that looks like one. */
export class ProcRoot {
  readonly path: string;

  constructor(path = "/proc") {
    this.path = path;
  }

  /** True for the real /proc, which shows the present and has `self` for this process. A folder of fixtures shows the past. */
  get isLive(): boolean {
    return this.path === "/proc";
  }

  /** A file below the root as bytes, or the negated errno. */
  read(path: string, limit?: number): Uint8Array<ArrayBuffer> | number {
    return tryReadFileAt(AT_FDCWD, cString(`${this.path}/${path}`), limit);
  }

  /** A file below the root as text, one character a byte; `null` where it cannot be read. */
  text(path: string, limit?: number): string | null {
    const bytes = this.read(path, limit);
    if (typeof bytes === "number") return null;
    return latin1Text(bytes);
  }

  /** A symbolic link below the root as bytes, or the negated errno. */
  link(path: string): Uint8Array<ArrayBuffer> | number {
    return tryReadLink(AT_FDCWD, cString(`${this.path}/${path}`));
  }

  /**
   * A table of this thread's network namespace as bytes, or the negated errno. /proc/net would not do: it is a link to self/net,
   * which is the main thread's, and the mount option subset=pid removes it.
   */
  readNet(file: string): Uint8Array<ArrayBuffer> | number {
    const own = this.read(`thread-self/net/${file}`);
    return own === -ENOENT ? this.read(`net/${file}`) : own;
  }
}
