/**
 * Owners as `netstat -p` shows them: `PID/name`, where the name is from the command line of the process.
 *
 * @module
 */
import type { Diagnostics } from "../../diagnostics.ts";
import { type OwnerWalk, walkOwners } from "../../join/owners.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { failedReads, type Scan } from "../../proc/scan.ts";
import type { Core } from "../../core/gears.ts";
import { MANY_DESCRIPTORS } from "../../core/worth.ts";
import { CorePrefixes } from "../../store/core_prefixes.ts";
import { OwnerIndex } from "../../store/owner_index.ts";
import { latin1Bytes } from "../../text/encoding.ts";
import { OWNER_WIDTH } from "./layout.ts";

/** netstat reads this many bytes of a command line. */
const CMDLINE_LIMIT = 511;
/** netstat shows this many characters of `PID/name`. */
const LABEL_LIMIT = 19;
const NOBODY = "-";

/**
 * The name in a command line: its first argument, or what follows its last slash when it starts with one. A process may put
 * any bytes there, so those that are not printable ASCII become dots (CVE-2024-58251).
 */
export function programName(cmdline: Uint8Array): string {
  const end = cmdline.indexOf(0);
  const first = end < 0 ? cmdline : cmdline.subarray(0, end);
  const name = first[0] === 0x2f ? first.subarray(first.lastIndexOf(0x2f) + 1) : first;
  let text = "";
  for (const byte of name) text += byte < 0x20 || byte > 0x7e ? "." : String.fromCharCode(byte);
  return text;
}

/** The owners of sockets, by inode. */
export class NetstatOwners {
  readonly #root: ProcRoot;
  readonly #all: boolean;
  readonly #scan: Scan;
  #index: OwnerIndex | null = null;
  #core: CorePrefixes | null = null;
  /** `PID/name` of processes; `null` for one that has ended. */
  readonly #labels = new Map<number, string | null>();

  /**
   * Reads the descriptors of all processes. netstat shows the process with the lowest ID. With `all` every owner is shown,
   * also one that has the socket only in the private descriptor table of a thread.
   */
  constructor(
    root: ProcRoot,
    all: boolean,
    diagnostics: Diagnostics,
    walk: OwnerWalk = walkOwners(root, "auto", diagnostics),
  ) {
    this.#root = root;
    this.#all = all;
    this.#scan = all ? walk.search(null) : walk.scan;
  }

  /** True if there are so many descriptors that their index is better made in the core. */
  get areMany(): boolean {
    return this.#scan.descriptors.length >= MANY_DESCRIPTORS;
  }

  /** Puts the owners into the core, as far as it has room for them: it writes their labels then, once it was told them. */
  moveTo(core: Core): void {
    this.#index = OwnerIndex.ofAll(this.#scan.descriptors, core, 0);
    this.#core = this.#index.isInCore ? CorePrefixes.in(core) : null;
    for (const [pid, label] of this.#labels) this.#tell(pid, label);
  }

  #tell(pid: number, label: string | null): void {
    if (label !== null) this.#core?.put(pid, latin1Bytes(label.padEnd(OWNER_WIDTH)));
  }

  /**
   * The owner of a socket as `PID/name`, cut to 19 characters; with `all` every owner in full, with commas between them.
   * `-` when there is none.
   */
  label(inode: number): string {
    if (inode === 0) return NOBODY;
    this.#index ??= OwnerIndex.ofAll(this.#scan.descriptors);
    const rows = this.#index.rows(inode);
    const table = this.#scan.descriptors;
    let all = "";
    let last = 0;
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i]!;
      const pid = table.pid(row);
      if (pid === last || !this.#all && table.tid(row) !== 0) continue;
      const label = this.#processLabel(pid);
      if (label === null) continue;
      if (!this.#all) return label;
      all += all === "" ? label : `,${label}`;
      last = pid;
    }
    return all === "" ? NOBODY : all;
  }

  #processLabel(pid: number): string | null {
    let label = this.#labels.get(pid);
    if (label === undefined) {
      const cmdline = this.#root.read(`${pid}/cmdline`, CMDLINE_LIMIT);
      label = typeof cmdline === "number" ? null : `${pid}/${programName(cmdline)}`;
      if (label !== null && !this.#all) label = label.slice(0, LABEL_LIMIT);
      this.#labels.set(pid, label);
      this.#tell(pid, label);
    }
    return label;
  }

  /** What netstat says first when processes could not be read; `null` when all could. */
  warning(effectiveUserId: number): string | null {
    if (this.#scan.unlisted === 0) {
      const failed = failedReads(this.#scan);
      return failed === null ? null : `netstat: ${failed}\n`;
    }
    return this.#scan.descriptors.length === 0
      ? `(No info could be read for "-p": geteuid()=${effectiveUserId} but you should be root.)\n`
      : "(Not all processes could be identified, non-owned process info\n" +
        " will not be shown, you would have to be root to see it all.)\n";
  }
}
