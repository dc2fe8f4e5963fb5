/**
 * `sockeye snapshot`: the whole host as one JSON document, to keep and to compare with.
 *
 * @module
 */
import { Diagnostics } from "../diagnostics.ts";
import { writeDocument } from "../snapshot/document.ts";
import type { Writer } from "../text/writer.ts";
import { tellGaps } from "../views/gaps.ts";
import { type HostOptions, takeHostDocument } from "../snapshot/host_snapshot.ts";

/** Writes the snapshot to `out` and its gaps to `err`. Returns true if there is no gap. */
export function snapshot(options: HostOptions, out: Writer, err: Writer): boolean {
  const diagnostics = new Diagnostics();
  writeDocument(takeHostDocument(options, diagnostics), out);
  out.flush();
  tellGaps(diagnostics.gaps, err);
  return diagnostics.complete;
}
