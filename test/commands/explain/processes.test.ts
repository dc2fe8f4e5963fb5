/**
 * Where the owners of a socket live and where their logs are, from a folder that looks like /proc.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logsOf, placesOf } from "../../../src/commands/explain/processes.ts";
import type { Bytes } from "../../../src/model/owner.ts";
import { utf8Text } from "../../../src/text/encoding.ts";
import { type ProcTree, procTree, statFile } from "../../support/proc_tree.ts";
import { explainInput } from "./input.ts";

const text = (bytes: Bytes | null) => bytes === null ? null : utf8Text(bytes);

/** The files of a process of a service. */
function service(pid: number, parts: { comm?: string; exe?: string; cgroup?: string } = {}) {
  const { comm = "nginx", exe = "/usr/sbin/nginx", cgroup = "/system.slice/nginx.service" } = parts;
  return {
    [`${pid}/stat`]: statFile(pid, comm),
    [`${pid}/exe`]: { link: exe },
    [`${pid}/cwd`]: { link: "/srv" },
    [`${pid}/root`]: { link: "/" },
    [`${pid}/cgroup`]: `0::${cgroup}\n`,
  } satisfies ProcTree;
}

test("processes that live in the same place share one", () => {
  using tree = procTree({
    ...service(7),
    ...service(8),
    ...service(9, { comm: "sh", exe: "/bin/sh" }),
    ...service(10, { cgroup: "/system.slice/other.service" }),
  });
  const input = explainInput(tree.path);
  const places = placesOf([7, 8, 9, 10].map((pid) => input.facts.get(pid)), input);
  expect(places.map(({ pids }) => pids)).toEqual([[7, 8], [9], [10]]);
  expect(places.map(({ unit }) => unit)).toEqual([
    "nginx.service",
    "nginx.service",
    "other.service",
  ]);
  const [first] = places;
  expect([text(first!.comm), text(first!.exe), text(first!.cwd)])
    .toEqual(["nginx", "/usr/sbin/nginx", "/srv"]);
  // The ordinary root directory is nothing to tell.
  expect(first!.root).toBeNull();
});

test("another root directory, a session and a pod are told", () => {
  const pod = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
  using tree = procTree({
    ...service(7, { cgroup: "/user.slice/user-1000.slice/session-4.scope" }),
    "7/root": { link: "/srv/jail" },
    ...service(8, { cgroup: `/kubepods/besteffort/pod${pod}/${"ab".repeat(32)}` }),
  });
  const input = explainInput(tree.path);
  const [jailed, inPod] = placesOf([7, 8].map((pid) => input.facts.get(pid)), input);
  expect([text(jailed!.root), jailed!.session]).toEqual(["/srv/jail", "4"]);
  expect(jailed!.pod).toBeNull();
  expect(inPod!.pod).toEqual({ uid: pod, name: null, namespace: null });
  expect(inPod!.container).toMatchObject({ id: "ab".repeat(32) });
});

test("what may not be read is null, and no reason to fail", () => {
  using tree = procTree({ "7/stat": statFile(7, "nginx") });
  const input = explainInput(tree.path);
  const [place] = placesOf([input.facts.get(7), input.facts.get(99)], input);
  expect(place).toMatchObject({
    exe: null,
    exeFate: "unknown",
    cwd: null,
    root: null,
    cgroup: null,
    unit: null,
    session: null,
    container: null,
    pod: null,
    package: null,
  });
});

test("logs are files that are open for writing and named like logs, or standard output", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-logs-"));
  try {
    const file = (name: string) => {
      const path = join(folder, name);
      writeFileSync(path, "12345");
      return path;
    };
    const log = file("access.log");
    const WRITE = "pos:\t0\nflags:\t0100001\n";
    const READ = "pos:\t0\nflags:\t0100000\n";
    using tree = procTree({
      ...service(7),
      "7/fd/1": { link: file("output") },
      "7/fdinfo/1": WRITE,
      "7/fd/3": { link: log },
      "7/fdinfo/3": WRITE,
      "7/fd/4": { link: file("error.log.1") },
      "7/fdinfo/4": READ,
      "7/fd/5": { link: file("data") },
      "7/fdinfo/5": WRITE,
      "7/fd/6": { link: "socket:[12]" },
      "7/fd/7": { link: log },
      "7/fdinfo/7": WRITE,
      ...service(8),
      "8/fd/3": { link: log },
      "8/fdinfo/3": WRITE,
      ...service(9),
    });
    const input = explainInput(tree.path);
    const logs = logsOf([7, 8, 9].map((pid) => input.facts.get(pid)), input);
    expect(logs.files.map(({ path, size, deleted, owners }) => [
      text(path)!.slice(folder.length + 1),
      size,
      deleted,
      owners,
    ])).toEqual([
      ["output", 5, false, [{ pid: 7, fds: [1] }]],
      ["access.log", 5, false, [{ pid: 7, fds: [3, 7] }, { pid: 8, fds: [3] }]],
    ]);
    // Of the third nothing could be listed.
    expect(logs.unread).toEqual([9]);
    expect(logs.journal).toEqual([]);
    unlinkSync(log);
    expect(logsOf([input.facts.get(8)], input).files).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a unit writes to the journal if its output is the stream that systemd gave it", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-journal-"));
  try {
    const stream = join(folder, "stream");
    writeFileSync(stream, "");
    const { ino } = statSync(stream);
    using tree = procTree({
      ...service(7),
      "7/environ": `PATH=/bin\0JOURNAL_STREAM=9:${ino}\0`,
      "7/fd/2": { link: stream },
      "7/fdinfo/2": "flags:\t0100000\n",
      ...service(8, { cgroup: "/system.slice/other.service" }),
      "8/environ": "JOURNAL_STREAM=9:1\0",
      "8/fd/2": { link: stream },
    });
    const input = explainInput(tree.path);
    expect(logsOf([7, 8].map((pid) => input.facts.get(pid)), input).journal)
      .toEqual(["nginx.service"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
