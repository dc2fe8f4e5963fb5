/**
 * GatherContext: what everything that gathers files of one run works with.
 *
 * @module
 */
import type { OpenFileReader } from "../../../proc/open_files.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import type { Endpoints } from "./endpoints.ts";
import type { FileSelector } from "./file_selector.ts";
import type { NamedFiles } from "./named_files.ts";

/** Where files are read from, and which of them are kept. */
export interface GatherContext {
  readonly root: ProcRoot;
  readonly reader: OpenFileReader;
  readonly selector: FileSelector;
  readonly named: NamedFiles;
  /** `null` without `-E` and `+E`. */
  readonly endpoints: Endpoints | null;
}
