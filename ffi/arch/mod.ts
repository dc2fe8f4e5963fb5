/**
 * The numbers of the architecture this process runs on.
 *
 * @module
 */
import * as arm64 from "./arm64.ts";
import * as x64 from "./x64.ts";

const arch = process.arch === "arm64" ? arm64 : x64;

/** System call numbers of this machine. */
export const SYS: { readonly [K in keyof typeof x64.SYS]: number } = arch.SYS;
/** open(2): fail unless the path is a directory. */
export const O_DIRECTORY: number = arch.O_DIRECTORY;
/** open(2): fail if the last component is a symbolic link. */
export const O_NOFOLLOW: number = arch.O_NOFOLLOW;
/** open(2): read and write without the page cache. */
export const O_DIRECT: number = arch.O_DIRECT;
/** The kernel adds this flag to every regular file that a 64-bit process opens. */
export const O_LARGEFILE: number = arch.O_LARGEFILE;
