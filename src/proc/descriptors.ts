/**
 * DescriptorTable: which process holds which socket, as columns.
 *
 * One row is one descriptor. There may be hundreds of thousands of them, so no row becomes an object.
 *
 * @module
 */

/** A growing table of process, thread, descriptor and inode, with the cookie if the source of the rows knows it. */
export class DescriptorTable {
  pids = new Int32Array(1024);
  /** Thread whose own table holds the descriptor; 0 when it is the process's main table. */
  tids = new Int32Array(1024);
  fds = new Int32Array(1024);
  /** Socket inodes. Kernel: 32-bit today, but nothing promises it. */
  inodes = new Float64Array(1024);
  /**
   * SO_COOKIE: two words for each row, the low one first. Both are 0 where the cookie is not known. `null`: this table has no
   * cookies.
   */
  cookies: Uint32Array<ArrayBuffer> | null;
  length = 0;

  /** Makes an empty table. `cookies`: rows are appended with {@linkcode DescriptorTable.add}, which takes a cookie. */
  constructor(cookies = false) {
    this.cookies = cookies ? new Uint32Array(2 * 1024) : null;
  }

  /** Appends a row without a cookie. */
  push(pid: number, tid: number, fd: number, inode: number): void {
    const at = this.length;
    if (at === this.pids.length) this.#grow();
    this.pids[at] = pid;
    this.tids[at] = tid;
    this.fds[at] = fd;
    this.inodes[at] = inode;
    this.length = at + 1;
  }

  /** Appends a row with a cookie, to a table that was made for cookies. */
  add(
    pid: number,
    tid: number,
    fd: number,
    inode: number,
    cookieLow: number,
    cookieHigh: number,
  ): void {
    const at = this.length;
    this.push(pid, tid, fd, inode);
    this.cookies![2 * at] = cookieLow;
    this.cookies![2 * at + 1] = cookieHigh;
  }

  #grow(): void {
    const size = this.pids.length * 2;
    const grown = <T extends Int32Array | Uint32Array | Float64Array>(
      from: T,
      to: T,
    ): T => (to.set(from as never), to);
    this.pids = grown(this.pids, new Int32Array(size));
    this.tids = grown(this.tids, new Int32Array(size));
    this.fds = grown(this.fds, new Int32Array(size));
    this.inodes = grown(this.inodes, new Float64Array(size));
    if (this.cookies !== null) this.cookies = grown(this.cookies, new Uint32Array(2 * size));
  }
}
