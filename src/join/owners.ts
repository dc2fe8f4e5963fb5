/**
 * Owners: chooses how to look for the owners of sockets, and does the walk.
 *
 * BPF reads all descriptors at once, and takes some milliseconds to start. /proc works for every user, but takes longer for each
 * descriptor.
 *
 * @module
 */
import { SyscallError } from "../../ffi/errno.ts";
import { usableProcessors } from "../../ffi/process.ts";
import type { Refusal } from "../bpf/probe.ts";
import type { PassWishes } from "../bpf/program.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { DecodeError } from "../model/decode_error.ts";
import { CAP_SYS_PTRACE, holds } from "../proc/capabilities.ts";
import { insidePidNamespace, netnsInode } from "../proc/ns.ts";
import type { DescriptorTable } from "../proc/descriptors.ts";
import type { ProcRoot } from "../proc/root.ts";
import { descriptorPath, DescriptorScanner, type Scan } from "../proc/scan.ts";
import { effectiveCapabilities, showsOwnPids } from "../proc/status.ts";
import { openFiles } from "../proc/sysctl.ts";
import type { OwnerSource } from "../query.ts";

// Loaded only when it is used, which on most hosts it is not.
const bpfModule = () =>
  require("../bpf/owner_iterator.ts") as typeof import("../bpf/owner_iterator.ts");

const twoThreads = () =>
  require("../proc/two_threads.ts") as typeof import("../proc/two_threads.ts");

/**
 * With more descriptors than this, BPF is faster. Measured: a pass costs 8 to 20 ms before its first row and 0.8 µs a descriptor, a
 * walk 4 µs a descriptor.
 */
const WORTH_BPF = 5000;

/**
 * With more descriptors than this, a second thread makes the walk faster. Measured: 98 ms instead of 114 for 30,000, 165 instead of 306
 * for 80,000.
 */
const WORTH_THREAD = 30_000;

/** A walk over all descriptors. It may be made before the sockets are known. */
export interface OwnerWalk {
  readonly scan: Scan;
  /**
   * Looks closer: at threads that have descriptors of their own, and the closer the more sockets are `missing` an owner. It
   * adds rows to the scan, or returns a scan that names the processes which could not be looked into. `null`: as if one were.
   */
  search(missing: ReadonlySet<number> | null): Scan;
}

/**
 * Walks over all descriptors. A note tells why BPF was not used, even where it was asked for. Throws SyscallError when /proc
 * cannot be listed.
 *
 * @param wishes What the scan should tell beside the owners. It may tell namespaces in any case; /proc has no cookies.
 */
export function walkOwners(
  root: ProcRoot,
  source: OwnerSource,
  diagnostics: Diagnostics,
  wishes: PassWishes = {},
): OwnerWalk {
  // A number for the whole machine. It is enough to know when there are too few.
  const files = root.isLive ? openFiles(root) : null;
  let most = files;
  const scanner = new DescriptorScanner(root);
  const reason = source === "proc" ? "as asked for" : notWorthBpf(root, source, files, scanner);
  if (reason === TOO_FEW) most = WORTH_BPF;
  if (reason === null && source === "auto" && files !== null && files < WORTH_BPF) {
    // A file counts once however many descriptors share it, so the walk keeps count and gives up if there are many.
    const counting = new DescriptorScanner(root);
    const scan = counting.scanWithin(WORTH_BPF);
    if (scan !== null) {
      diagnostics.note(
        `owners: by /proc, not BPF: ${files} open files are too few for it to pay`,
      );
      return walkOf(counting, scan, root, diagnostics);
    }
    most = Infinity;
  }
  if (reason === null) {
    const scan = scanByBpf(root, wishes);
    if (!("reason" in scan)) {
      diagnostics.note(`owners: ${scan.descriptors.length} descriptors by BPF`);
      return {
        scan,
        search: (missing) => missing?.size === 0 ? scan : withProtected(scan, root),
      };
    }
    noteNoBpf(scan, diagnostics);
  } else if (root.isLive) {
    diagnostics.note(`owners: by /proc, not BPF: ${reason}`);
  }
  return walkOf(scanner, scanByProc(scanner, root, most, diagnostics), root, diagnostics);
}

function walkOf(
  scanner: DescriptorScanner,
  scan: Scan,
  root: ProcRoot,
  diagnostics: Diagnostics,
): OwnerWalk {
  let searched: Scan | undefined;
  return {
    scan,
    search(missing) {
      if (!root.isLive) return scan;
      return searched ??= withThreads(scanner, scan, missing, diagnostics);
    },
  };
}

/** The scan, with what only threads hold that have stopped sharing the table of their process. */
export function withThreads(
  scanner: DescriptorScanner,
  scan: Scan,
  missing: ReadonlySet<number> | null,
  diagnostics: Diagnostics,
): Scan {
  const refused = new Set(scan.denied);
  const pids = scan.pids.filter((pid) => !refused.has(pid));
  // Where kcmp does not tell, tables that look alike are compared only if a socket has no owner otherwise.
  const incomplete = missing?.size === 0
    ? scanner.scanPrivateTables(pids, null, 0)
    : scanner.scanPrivateTables(pids);
  noteAssumed(scanner.assumedShared, diagnostics);
  if (incomplete.length === 0) return scan;
  return {
    ...scan,
    denied: [...scan.denied, ...incomplete].sort((a, b) => a - b),
    errors: scanner.errors,
  };
}

// `files`: about how many descriptors there are at most; `null` where that is not known.
function scanByProc(
  scanner: DescriptorScanner,
  root: ProcRoot,
  files: number | null,
  diagnostics: Diagnostics,
): Scan {
  const few = !root.isLive || files === null || files < WORTH_THREAD;
  // In a container most of them belong to others.
  if (few || scanner.haveDescriptors(WORTH_THREAD) === false || usableProcessors() < 2) {
    return scanner.scanProcesses();
  }
  diagnostics.note("owners: /proc is walked by two threads");
  return twoThreads().scanOnTwoThreads(scanner, files);
}

/** Notes why BPF was not used, with all that the verifier said. */
export function noteNoBpf({ reason, log = [] }: NoScan, diagnostics: Diagnostics): void {
  diagnostics.note(`owners: by /proc, not BPF: ${reason}`);
  // Numbered, because the same note is kept once and the verifier repeats itself.
  for (const [i, line] of log.entries()) diagnostics.note(`BPF verifier, line ${i + 1}: ${line}`);
}

function noteAssumed(threads: number, diagnostics: Diagnostics): void {
  if (threads === 0) return;
  diagnostics.note(
    `owners: ${threads} threads were taken to share the descriptors of their process, because kcmp(2) is refused`,
  );
}

// Some processes are protected by the kernel even from users who may look into all others. BPF may not be allowed to see them
// either.
function withProtected(scan: Scan, root: ProcRoot): Scan {
  if (!holds(effectiveCapabilities(root), CAP_SYS_PTRACE)) return scan;
  const denied = new DescriptorScanner(root).findDenied(processesOf(scan.descriptors));
  return { ...scan, denied };
}

const TOO_FEW = "the processes in sight have too few descriptors for it to pay";

/** The processes that have a descriptor in the table. */
export function processesOf(table: DescriptorTable): Set<number> {
  const found = new Set<number>();
  let last = -1;
  for (let row = 0; row < table.length; row++) {
    const pid = table.pid(row);
    if (pid !== last) found.add(last = pid);
  }
  return found;
}

function notWorthBpf(
  root: ProcRoot,
  source: OwnerSource,
  files: number | null,
  scanner: DescriptorScanner,
): string | null {
  if (!root.isLive) return "this is not the live /proc";
  // BPF gives process IDs, and /proc is asked for the names of those.
  if (!showsOwnPids(root)) return "/proc shows the process IDs of another PID namespace";
  // Where there are few files the walk itself finds out.
  if (source === "bpf" || files !== null && files < WORTH_BPF) return null;
  // The count is for the whole machine. In a container most of them belong to others, so ours are counted.
  return scanner.haveDescriptors(WORTH_BPF) !== false ? null : TOO_FEW;
}

/** Why there is no BPF pass. */
type NoScan = Pick<Refusal, "reason" | "log">;

/** The scan of one BPF pass, or the reason why there is none. */
function scanByBpf(root: ProcRoot, wishes: PassWishes): Scan | NoScan {
  const numbers = insidePidNamespace(root) === false ? "initial" : "reader";
  const opened = bpfModule().OwnerIterator.open(numbers, wishes);
  if (!opened.ok) return opened;
  try {
    const pass = opened.value.run();
    return {
      descriptors: pass.descriptors,
      // It sees all processes in our PID namespace, whatever their user.
      pids: [],
      denied: [],
      unlisted: 0,
      vanished: 0,
      hidden: false,
      namespaces: networkNamespaces(pass.namespaces, root),
      ...(wishes.namespaces === true ? { foreign: foreignNamespaces(pass.foreign) } : {}),
    };
  } catch (error) {
    // Any failure is acceptable, because /proc can answer instead.
    if (error instanceof SyscallError || error instanceof DecodeError) {
      return { reason: error.message };
    }
    throw error;
  }
}

function foreignNamespaces(sockets: DescriptorTable): Map<number, { pid: number; fd: number }> {
  const found = new Map<number, { pid: number; fd: number }>();
  for (let row = 0; row < sockets.length; row++) {
    const inode = sockets.inode(row);
    if (sockets.tid(row) !== 0 || found.has(inode)) continue;
    found.set(inode, { pid: sockets.pid(row), fd: sockets.fd(row) });
  }
  return found;
}

// The link names the type of a namespace; one link is read for each.
function networkNamespaces(held: DescriptorTable, root: ProcRoot): Map<number, string> {
  const found = new Map<number, string>();
  const others = new Set<number>();
  for (let row = 0; row < held.length; row++) {
    const inode = held.inode(row);
    if (found.has(inode) || others.has(inode)) continue;
    const path = descriptorPath(held.pid(row), held.tid(row), held.fd(row));
    const target = root.link(path);
    // It was closed since. Another process may have it too.
    if (typeof target === "number") continue;
    if (netnsInode(target) === inode) found.set(inode, path);
    else others.add(inode);
  }
  return found;
}
