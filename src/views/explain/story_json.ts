/**
 * Stories and usage as JSON.
 *
 * @module
 */
import type { Story, Usage } from "../../model/story.ts";
import { utf8Text } from "../../text/encoding.ts";
import { isoTime } from "../json.ts";

export function storyJson({ chain, starter, orphaned }: Story): Record<string, unknown> {
  return {
    chain: chain.map(({ pid, comm, startTimeMs }) => ({
      pid,
      comm: comm === null ? null : utf8Text(comm),
      start_time: startTimeMs === null ? null : isoTime(startTimeMs),
    })),
    starter,
    orphaned,
  };
}

export function usageJson(usage: Usage): Record<string, unknown> {
  const { pid, memoryBytes, cpuMs, openFiles, openFilesLimit } = usage;
  return {
    pid,
    memory_bytes: memoryBytes,
    cpu_ms: cpuMs,
    open_files: openFiles,
    // JSON has no infinity: without a limit the key says so.
    open_files_limit: openFilesLimit === Infinity ? "unlimited" : openFilesLimit,
  };
}
