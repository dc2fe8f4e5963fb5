/**
 * DescriptorTable: which process holds which socket, as columns.
 *
 * One row is one descriptor. There may be hundreds of thousands, and none becomes an object.
 *
 * @module
 */

/** A growing table of (pid, tid, fd, inode). */
export class DescriptorTable {
  pids = new Int32Array(1024);
  /** Thread whose own table holds the descriptor; 0 when it is the process's main table. */
  tids = new Int32Array(1024);
  fds = new Int32Array(1024);
  /** Socket inodes. Kernel: 32-bit today, but nothing promises it. */
  inodes = new Float64Array(1024);
  length = 0;

  /** Appends a row. */
  push(pid: number, tid: number, fd: number, inode: number): void {
    const at = this.length;
    if (at === this.pids.length) this.#grow();
    this.pids[at] = pid;
    this.tids[at] = tid;
    this.fds[at] = fd;
    this.inodes[at] = inode;
    this.length = at + 1;
  }

  #grow(): void {
    const size = this.pids.length * 2;
    const grown = <T extends Int32Array | Float64Array>(
      from: T,
      to: T,
    ): T => (to.set(from as never), to);
    this.pids = grown(this.pids, new Int32Array(size));
    this.tids = grown(this.tids, new Int32Array(size));
    this.fds = grown(this.fds, new Int32Array(size));
    this.inodes = grown(this.inodes, new Float64Array(size));
  }
}
