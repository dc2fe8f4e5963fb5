/**
 * ProcRoot: everything read from /proc hangs off one of these, so that a tree of fixtures serves as well.
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

  /** True for the real /proc, where what is read is about this very moment and this very process. */
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
   * A table of the network namespace we are in. /proc/net is a link to self/net, which follows the main thread and
   * vanishes under the mount option subset=pid; thread-self is right in both cases.
   */
  readNet(file: string): Uint8Array<ArrayBuffer> | number {
    const own = this.read(`thread-self/net/${file}`);
    return own === -ENOENT ? this.read(`net/${file}`) : own;
  }
}
