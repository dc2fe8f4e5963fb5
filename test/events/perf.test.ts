import { expect, test } from "bun:test";
import { parseFormat } from "../../src/events/perf/format.ts";
import { PerfSource } from "../../src/events/perf_source.ts";
import { PerfWatch } from "../../src/events/perf/watch.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { procTree } from "../support/proc_tree.ts";

const FORMAT = `name: inet_sock_set_state
ID: 2287
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;
\tfield:__u8 daddr[4];\toffset:36;\tsize:4;\tsigned:0;
\tfield:__data_loc char[] filename;\toffset:48;\tsize:4;\tsigned:0;

print fmt: "family=%s"
`;

test("parseFormat() knows where the fields of a tracepoint lie", () => {
  const { id, fields } = parseFormat(FORMAT);
  expect(id).toBe(2287);
  expect(Object.fromEntries(fields)).toEqual({
    common_type: { offset: 0, size: 2 },
    common_pid: { offset: 4, size: 4 },
    skaddr: { offset: 8, size: 8 },
    daddr: { offset: 36, size: 4 },
    filename: { offset: 48, size: 4 },
  });
  expect(() => parseFormat("field: nothing")).toThrow(DecodeError);
});

test("says what stands in the way: no tracefs, and a kernel before the tracepoint", () => {
  using empty = procTree({ "sys/x": "" });
  expect(PerfWatch.open(new ProcRoot(empty.path))).toEqual({
    ok: false,
    reason: "tracefs is not mounted on /sys/kernel/tracing",
  });
  using old = procTree({
    "sys/kernel/tracing/events/header_event": "",
    "sys/kernel/tracing/events/fib/fib_table_lookup/format": FORMAT,
  });
  const opened = PerfWatch.open(new ProcRoot(old.path));
  expect(opened.ok ? "" : opened.reason).toContain("which came with Linux 4.16");
  expect(typeof PerfSource.open(new ProcRoot()).ok).toBe("boolean");
});
