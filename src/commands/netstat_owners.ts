/**
 * Owners as netstat -p shows them: `PID/name`, the name being that of the command line.
 *
 * @module
 */
import type { ProcRoot } from "../proc/root.ts";
import { DescriptorScanner, type Scan } from "../proc/scan.ts";

/** What of a command line is looked at. */
const CMDLINE_LIMIT = 511;
/** What of `PID/name` is shown. */
const LABEL_LIMIT = 19;

/**
 * The name in a command line: its first argument, after the last slash when it begins with one. A process may write
 * whatever it likes there: what is not printable ASCII becomes a dot (CVE-2024-58251).
 */
export function programName(cmdline: Uint8Array): string {
  const end = cmdline.indexOf(0);
  const first = end < 0 ? cmdline : cmdline.subarray(0, end);
  const name = first[0] === 0x2f ? first.subarray(first.lastIndexOf(0x2f) + 1) : first;
  let text = "";
  for (const byte of name) text += byte < 0x20 || byte > 0x7e ? "." : String.fromCharCode(byte);
  return text;
}

/** Who holds which socket. */
export class NetstatOwners {
  readonly #scan: Scan;
  readonly #labels = new Map<number, string>();
  readonly #others = new Map<number, string[]>();

  /**
   * Walks the descriptors of all processes. The process with the lowest ID is the owner; with `all` every one is, those
   * included that hold it in a table of one of their threads.
   */
  constructor(root: ProcRoot, all: boolean) {
    const scanner = new DescriptorScanner(root);
    this.#scan = scanner.scanProcesses();
    if (all && root.isLive) scanner.scanPrivateTables(this.#scan.pids);
    const { pids, tids, inodes, length } = this.#scan.descriptors;
    const names = new Map<number, string | null>();
    for (let row = 0; row < length; row++) {
      const inode = inodes[row]!;
      if (!all && (tids[row] !== 0 || this.#labels.has(inode))) continue;
      const pid = pids[row]!;
      let label = names.get(pid);
      if (label === undefined) {
        const cmdline = root.read(`${pid}/cmdline`, CMDLINE_LIMIT);
        label = typeof cmdline === "number" ? null : `${pid}/${programName(cmdline)}`;
        names.set(pid, label);
      }
      // The process ended meanwhile.
      if (label === null) continue;
      if (!all) {
        this.#labels.set(inode, label.slice(0, LABEL_LIMIT));
        continue;
      }
      const labels = this.#others.get(inode);
      if (labels === undefined) this.#others.set(inode, [label]);
      else if (!labels.includes(label)) labels.push(label);
    }
    for (const [inode, labels] of this.#others) {
      labels.sort((a, b) => parseInt(a) - parseInt(b));
      this.#labels.set(inode, labels.join(","));
    }
  }

  /** `PID/name`, cut to 19 characters; with `all` the names of all in full, with commas between; `-` for nobody. */
  label(inode: number): string {
    return this.#labels.get(inode) ?? "-";
  }

  /** What netstat says beforehand when there may be owners that it cannot see; `null` when it could look everywhere. */
  warning(effectiveUserId: number): string | null {
    if (this.#scan.unlisted === 0) return null;
    return this.#labels.size === 0
      ? `(No info could be read for "-p": geteuid()=${effectiveUserId} but you should be root.)\n`
      : "(Not all processes could be identified, non-owned process info\n" +
        " will not be shown, you would have to be root to see it all.)\n";
  }
}
