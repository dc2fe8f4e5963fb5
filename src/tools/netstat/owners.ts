/**
 * Owners as netstat -p shows them: `PID/name`, the name being that of the command line.
 *
 * @module
 */
import type { Diagnostics } from "../../diagnostics.ts";
import { HolderIndex } from "../../join/holder_index.ts";
import { walkOwners } from "../../join/owners.ts";
import type { ProcRoot } from "../../proc/root.ts";
import type { Scan } from "../../proc/scan.ts";

/** What of a command line is looked at. */
const CMDLINE_LIMIT = 511;
/** What of `PID/name` is shown. */
const LABEL_LIMIT = 19;
const NOBODY = "-";

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
  readonly #root: ProcRoot;
  readonly #all: boolean;
  readonly #scan: Scan;
  readonly #holders: HolderIndex;
  /** Labels of processes; `null` for one that has ended since. */
  readonly #names = new Map<number, string | null>();

  /**
   * Walks the descriptors of all processes. The process with the lowest ID is the owner; with `all` every one is, those
   * included that hold it in a table of one of their threads.
   */
  constructor(root: ProcRoot, all: boolean, diagnostics: Diagnostics) {
    this.#root = root;
    this.#all = all;
    const walk = walkOwners(root, "auto", diagnostics);
    this.#scan = all ? walk.search(null) : walk.scan;
    this.#holders = new HolderIndex(this.#scan.descriptors);
  }

  /** `PID/name`, cut to 19 characters; with `all` the names of all in full, with commas between; `-` for nobody. */
  label(inode: number): string {
    if (inode === 0) return NOBODY;
    const rows = this.#holders.rows(inode);
    const { pids, tids } = this.#scan.descriptors;
    let all = "";
    let last = 0;
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i]!;
      const pid = pids[row]!;
      if (pid === last || !this.#all && tids[row] !== 0) continue;
      const name = this.#name(pid);
      if (name === null) continue;
      if (!this.#all) return name;
      all += all === "" ? name : `,${name}`;
      last = pid;
    }
    return all === "" ? NOBODY : all;
  }

  #name(pid: number): string | null {
    let name = this.#names.get(pid);
    if (name === undefined) {
      const cmdline = this.#root.read(`${pid}/cmdline`, CMDLINE_LIMIT);
      name = typeof cmdline === "number" ? null : `${pid}/${programName(cmdline)}`;
      if (name !== null && !this.#all) name = name.slice(0, LABEL_LIMIT);
      this.#names.set(pid, name);
    }
    return name;
  }

  /** What netstat says beforehand when there may be owners that it cannot see; `null` when it could look everywhere. */
  warning(effectiveUserId: number): string | null {
    if (this.#scan.unlisted === 0) return null;
    return this.#scan.descriptors.length === 0
      ? `(No info could be read for "-p": geteuid()=${effectiveUserId} but you should be root.)\n`
      : "(Not all processes could be identified, non-owned process info\n" +
        " will not be shown, you would have to be root to see it all.)\n";
  }
}
