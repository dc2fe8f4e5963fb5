/**
 * What `-e` shows of a socket in all families but unix and netlink.
 *
 * @module
 */
import type { SsTable } from "../layout/table.ts";

/** ` uid:0 ino:1 sk:ff`: the user unless root, the inode, the cookie. */
export function writeDetails(
  cells: SsTable,
  uid: number,
  inode: number,
  cookie: number | bigint | null,
): void {
  if (uid > 0) {
    cells.text(" uid:");
    cells.decimal(uid);
  }
  cells.text(" ino:");
  cells.decimal(inode);
  cells.text(" sk:");
  cells.hex(cookie ?? 0);
}
