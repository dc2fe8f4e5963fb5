/**
 * Gaps, and the system calls that become gaps by themselves.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { EACCES, EAGAIN, EINVAL, EIO, EMFILE, ENOENT } from "../ffi/errno.ts";
import { failed, noteFailed } from "../ffi/failed_calls.ts";
import { Diagnostics } from "../src/diagnostics.ts";
import type { Gap } from "../src/model/gap.ts";
import { gapLines } from "../src/model/gap.ts";
import { decide } from "../src/model/verdict.ts";

const path = (text: string) => new TextEncoder().encode(`${text}\0`);

test("a call that went wrong is a gap, whoever made it and whatever became of it", () => {
  const earlier = new Diagnostics();
  expect(failed("open", -EIO, path("/proc/1/environ"))).toBe(-EIO);
  const later = new Diagnostics();
  expect(later.complete).toBe(true);
  expect(earlier.complete).toBe(false);
  expect(earlier.gaps).toMatchObject([{
    kind: "reads",
    reason:
      "1 system call failed (open /proc/1/environ): input/output error (EIO); what it would have told may be missing",
    detail: { calls: 1, errno: "EIO" },
  }]);
  expect(decide(false, {}, earlier.gaps).answer).toBe("undecided");
  failed("read", -EMFILE);
  expect(later.gaps.map(({ detail }) => detail.errno)).toEqual(["EMFILE"]);
});

test("what a call says of its object is none", () => {
  const diagnostics = new Diagnostics();
  failed("open", -ENOENT, path("/proc/1"), []);
  failed("open", -EACCES, path("/proc/1"), []);
  // What is no link, and what is not in memory.
  failed("readlink", -EINVAL, path("/etc/passwd"));
  failed("openat2", -EAGAIN, path("/x"));
  expect(diagnostics.complete).toBe(true);
  failed("read", -EINVAL, undefined, []);
  expect(diagnostics.complete).toBe(false);
});

test("a refusal of what everybody may read is a gap", () => {
  const diagnostics = new Diagnostics();
  expect(noteFailed("read", -EACCES, path("/proc/sys/kernel/osrelease"))).toBe(-EACCES);
  expect(diagnostics.gaps.map(({ reason }) => reason)).toEqual([
    "1 system call failed (read /proc/sys/kernel/osrelease): permission denied (EACCES); what it would have told may be missing",
  ]);
});

test("a line that tells better what an error has hidden is told instead", () => {
  const diagnostics = new Diagnostics();
  failed("readlink", -EIO);
  const better = {
    kind: "processes",
    reason: "1 process could not be read (EIO)",
    detail: {},
  } as const;
  expect(gapLines(diagnostics.gaps, false)).toHaveLength(1);
  diagnostics.gap(better);
  expect(gapLines(diagnostics.gaps, false)).toEqual([better.reason]);
  // It is in the data all the same: it may hide more than that.
  expect(diagnostics.gaps).toHaveLength(2);
});

test("what is missing of the thing that was asked about is told first", () => {
  const diagnostics = new Diagnostics();
  const gap = (reason: string): Gap => ({ kind: "netns", reason, detail: {} });
  diagnostics.gap(gap("some process"));
  diagnostics.gapsFirst([gap("the process asked for"), gap("and its sockets")]);
  expect(diagnostics.gaps.map(({ reason }) => reason))
    .toEqual(["the process asked for", "and its sockets", "some process"]);
});
