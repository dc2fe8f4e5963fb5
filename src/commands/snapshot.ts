/**
 * `sockeye snapshot`: the whole host as one JSON document, to keep and to compare with.
 *
 * @module
 */
import { Diagnostics } from "../diagnostics.ts";
import { writeDocument } from "../snapshot/document.ts";
import { terminalProgress, withProgress } from "../text/progress.ts";
import type { Writer } from "../text/writer.ts";
import { tellDiagnostics } from "../views/gaps.ts";
import { type HostOptions, takeHostDocument } from "../snapshot/host_snapshot.ts";

/** Writes the snapshot to `out` and its gaps to `err`. With `verbose`, names what is missing. Returns true if there is no gap. */
export async function snapshot(
  options: HostOptions & { readonly verbose: boolean },
  out: Writer,
  err: Writer,
): Promise<boolean> {
  const diagnostics = new Diagnostics();
  const document = await withProgress(
    terminalProgress(err),
    () => takeHostDocument(options, diagnostics),
  );
  writeDocument(document, out);
  out.flush();
  tellDiagnostics(diagnostics, err, { verbose: options.verbose });
  return diagnostics.complete;
}
