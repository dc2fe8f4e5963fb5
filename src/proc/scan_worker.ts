/**
 * The second thread of a walk over all descriptors: see proc/two_threads.ts.
 *
 * @module
 */
import { ProcRoot } from "./root.ts";
import { DescriptorScanner } from "./scan.ts";
import { ScanShare } from "./scan_share.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<SharedArrayBuffer>) => {
  // A thread without a message handler ends by itself.
  self.onmessage = null;
  const share = new ScanShare(data);
  try {
    share.serve(new DescriptorScanner(new ProcRoot()));
  } catch {
    // The first thread walks the processes whose results are missing.
  } finally {
    share.end();
  }
};
