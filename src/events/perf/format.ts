/**
 * Where the fields of a tracepoint's record lie, as tracefs tells.
 *
 * ```text
 * ID: 2287
 * format:
 *         field:const void * skaddr;      offset:8;       size:8; signed:0;
 * ```
 *
 * @module
 */
import { DecodeError } from "../../model/decode_error.ts";
import { ProcRoot } from "../../proc/root.ts";
import { type Probe, refuse } from "../../bpf/probe.ts";
import { ENOENT, errnoName, errnoText } from "../../../ffi/errno.ts";

/** A tracepoint. */
export interface TracepointFormat {
  readonly id: number;
  readonly fields: ReadonlyMap<string, { readonly offset: number; readonly size: number }>;
}

/** Where tracefs is, and where it is with debugfs. */
const MOUNTS = ["sys/kernel/tracing", "sys/kernel/debug/tracing"] as const;

/** Parses the file `format` of a tracepoint. Throws {@linkcode DecodeError}. */
export function parseFormat(text: string): TracepointFormat {
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  if (id === undefined) throw new DecodeError("tracepoint format", 0, "there is no ID");
  const fields = new Map<string, { offset: number; size: number }>();
  const line = /^\tfield:[^;]*?(\w+)(?:\[\d*\])?;\toffset:(\d+);\tsize:(\d+);/gm;
  for (const [, name, offset, size] of text.matchAll(line)) {
    fields.set(name!, { offset: Number(offset), size: Number(size) });
  }
  return { id: Number(id), fields };
}

/** Reads the format of a tracepoint, `sock/inet_sock_set_state`; `null` for one that this kernel does not have. */
export function readFormat(name: string, root = new ProcRoot("/")): Probe<TracepointFormat | null> {
  let last = "tracefs is not mounted on /sys/kernel/tracing";
  for (const mount of MOUNTS) {
    const header = root.read(`${mount}/events/header_event`);
    if (typeof header === "number") {
      if (header !== -ENOENT) {
        last = `tracefs cannot be read: ${errnoText(-header)} (${errnoName(-header)})`;
      }
      continue;
    }
    const text = root.text(`${mount}/events/${name}/format`);
    return { ok: true, value: text === null ? null : parseFormat(text) };
  }
  return refuse(last);
}
