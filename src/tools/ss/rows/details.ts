/**
 * What `-e` shows of a socket in all families but unix and netlink.
 *
 * @module
 */
import type { SsCells } from "./row.ts";

/** ` uid:0 ino:1 sk:ff`: the user unless root, the inode, the cookie. */
export function writeDetails(
  cells: SsCells,
  uid: number,
  inode: number,
  cookie: number | bigint | null,
): void {
  if (uid > 0) {
    cells.ascii(" uid:");
    cells.decimal(uid);
  }
  cells.ascii(" ino:");
  cells.decimal(inode);
  cells.ascii(" sk:");
  cells.hex(cookie ?? 0);
}
