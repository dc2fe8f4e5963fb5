/**
 * A walk over the descriptors of all processes on two threads.
 *
 * The kernel does nearly all the work of a walk, so two threads on two cores are almost twice as fast. The second costs two
 * milliseconds to start, and memory.
 *
 * @module
 */
import { descriptorLimit } from "../../ffi/process.ts";
import type { DescriptorScanner, Outcome, Scan } from "./scan.ts";
import { ScanShare } from "./scan_share.ts";

/** Rows that the second thread can leave, at most: 64 MB, of which only what is used becomes memory. */
const MAX_CAPACITY = 4_000_000;

/** Of these a thread opens a dozen when it starts; where they run out the runtime ends the program. */
const NEEDED_DESCRIPTORS = 64;

/** What the second thread needs to end the process it is at: one with a million descriptors takes four seconds. */
const PATIENCE_MS = 60_000;

/**
 * As {@linkcode DescriptorScanner.scanProcesses} of the live /proc, by two threads. Rows are in no order of processes.
 *
 * @param files About how many descriptors there are.
 */
export function scanOnTwoThreads(scanner: DescriptorScanner, files: number): Scan {
  // Before the other thread is there to need descriptors.
  const pids = scanner.listProcesses();
  const worker = startWorker();
  if (worker === null) return scanner.scanProcesses();
  const share = ScanShare.over(pids, Math.min(files, MAX_CAPACITY));
  worker.postMessage(share.memory);
  const scan = scanShared(scanner, pids, share);
  worker.terminate();
  return scan;
}

/** What the first thread does: walks what it can claim, takes over what the second has found, and walks what is missing. */
export function scanShared(
  scanner: DescriptorScanner,
  pids: readonly number[],
  share: ScanShare,
  patienceMs = PATIENCE_MS,
): Scan {
  const outcomes: Outcome[] = [];
  const walk = (next: () => number | null) => {
    let number: number | null = null;
    scanner.scanEach(
      () => (number = next()) === null ? null : pids[number]!,
      (outcome) => void (outcomes[number!] = outcome),
    );
  };
  walk(() => share.claim());
  if (share.wait(patienceMs)) {
    const { outcomes: others, errors, namespaces } = share.take(scanner.descriptors);
    for (const [pid, error] of errors) scanner.errors.set(pid, error);
    for (const [number, outcome] of others) outcomes[number] = outcome;
    for (const [inode, path] of namespaces) {
      if (!scanner.namespaces.has(inode)) scanner.namespaces.set(inode, path);
    }
  }
  // What was claimed by the other and is not there.
  const left = pids.keys().filter((number) => outcomes[number] === undefined);
  walk(() => left.next().value ?? null);
  return scanner.scanOf(pids, outcomes);
}

/** The second thread; `null` where there may be no more (EAGAIN from clone(2): a limit of processes), or hardly any descriptors. */
function startWorker(): Worker | null {
  if (descriptorLimit() < NEEDED_DESCRIPTORS) return null;
  try {
    return new Worker(new URL("./scan_worker.ts", import.meta.url).href);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
