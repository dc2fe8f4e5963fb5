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
  // Nothing more will come, which is what lets the thread end.
  self.onmessage = null;
  const share = new ScanShare(data);
  try {
    share.serve(new DescriptorScanner(new ProcRoot()));
  } catch {
    // What is not left in the share is walked again by who shares it.
  } finally {
    share.end();
  }
};
