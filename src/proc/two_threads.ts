/**
 * A walk over the descriptors of all processes on two threads.
 *
 * The kernel does nearly all the work of a walk, so two threads on two cores are almost twice as fast. Starting the second
 * thread costs two milliseconds and some memory.
 *
 * @module
 */
import { descriptorLimit } from "../../ffi/process.ts";
import type { DescriptorScanner, Outcome, Scan } from "./scan.ts";
import { ScanShare } from "./scan_share.ts";

/** How many rows the second thread can return at most: 64 MB, of which only pages that are written take memory. */
const MAX_CAPACITY = 4_000_000;

/** A thread opens a dozen descriptors when it starts. If they run out, the runtime ends the program. */
const NEEDED_DESCRIPTORS = 64;

/** How long the second thread may take for its last process. One with a million descriptors takes four seconds. */
const PATIENCE_MS = 60_000;

/**
 * As {@linkcode DescriptorScanner.scanProcesses} of the live /proc, by two threads. Rows are in no order of processes.
 *
 * @param files About how many descriptors there are.
 */
export function scanOnTwoThreads(scanner: DescriptorScanner, files: number): Scan {
  // Done first, because the second thread takes descriptors as well.
  const pids = scanner.listProcesses();
  const worker = startWorker();
  if (worker === null) return scanner.scanProcesses();
  const share = ScanShare.over(pids, Math.min(files, MAX_CAPACITY));
  worker.postMessage(share.memory);
  const scan = scanShared(scanner, pids, share);
  worker.terminate();
  return scan;
}

/** What the first thread does: walks the processes that it can claim, takes over the results of the second, and walks those that are missing. */
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
  // Processes that the second thread claimed without a result.
  const left = pids.keys().filter((number) => outcomes[number] === undefined);
  walk(() => left.next().value ?? null);
  return scanner.scanOf(pids, outcomes);
}

/** Starts the second thread. `null` if a limit of processes or of descriptors forbids it (EAGAIN of clone(2)). */
function startWorker(): Worker | null {
  if (descriptorLimit() < NEEDED_DESCRIPTORS) return null;
  try {
    return new Worker(new URL("./scan_worker.ts", import.meta.url).href);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
