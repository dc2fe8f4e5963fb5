import { expect, test } from "bun:test";
import type { SocketDocument } from "../../src/snapshot/document.ts";
import { rescanUntilStable } from "../../src/snapshot/rescan.ts";
import { owner, snapshot, socket } from "../audit/documents.ts";

/** What becomes of several scans, as `port inode ownership owners`, and how many were made. */
function rescanned(...scans: SocketDocument[][]): { sockets: string[]; scans: number } {
  let taken = 0;
  const document = rescanUntilStable(() => snapshot(scans[Math.min(taken++, scans.length - 1)]!));
  return {
    sockets: document.sockets.map(({ local, inode, ownership, owners }) =>
      `${local.port} ${inode} ${ownership} ${owners.length}`
    ),
    scans: taken,
  };
}

const held = (inode: number) => socket("0.0.0.0", 80, { inode });
const hidden = (inode: number) => socket("0.0.0.0", 80, { inode, ownership: "hidden", owners: [] });
const ended = owner({ pid: 7, exe: null, uid: null, comm: null, cmdline: null });

test("one scan is enough where every owner is known", () => {
  expect(rescanned([held(1)])).toEqual({ sockets: ["80 1 owned 1"], scans: 1 });
});

test("a socket that was closed meanwhile leaves, or makes room for the one in its place", () => {
  expect(rescanned([held(1), hidden(2)], [held(1)]).sockets).toEqual(["80 1 owned 1"]);
  expect(rescanned([hidden(1)], [held(2)])).toEqual({ sockets: ["80 2 owned 1"], scans: 2 });
  expect(rescanned([hidden(1)], []).sockets).toEqual([]);
});

test("an owner that ended meanwhile leaves, where there is another", () => {
  expect(rescanned([socket("0.0.0.0", 80, { owners: [owner(), ended] })])).toEqual({
    sockets: ["80 5080 owned 1"],
    scans: 1,
  });
  expect(rescanned([socket("0.0.0.0", 80, { inode: 1, owners: [ended] })], [held(1)]).sockets)
    .toEqual(["80 1 owned 1"]);
});

test("a scan that could not look everywhere closes nothing", () => {
  const gap = { kind: "netns", reason: "our own network namespace could not be read" };
  const scans = [snapshot([hidden(1)]), snapshot([], [gap])];
  let taken = 0;
  const after = rescanUntilStable(() => scans[Math.min(taken++, 1)]!);
  expect(after.sockets.map(({ inode }) => inode)).toEqual([1]);
  // A gap that was there from the beginning has hidden it no more then than now.
  taken = 0;
  const always = [snapshot([hidden(1)], [gap]), snapshot([], [gap])];
  expect(rescanUntilStable(() => always[Math.min(taken++, 1)]!).sockets).toEqual([]);
});

test("an owner whose program could not be read stays", () => {
  for (const code of ["EIO", "EACCES", "ENAMETOOLONG"]) {
    const unread = owner({ pid: 7, exe: null, unread: { exe: code } });
    const owners = [owner(), unread];
    expect(rescanned([socket("0.0.0.0", 80, { owners })])).toEqual({
      sockets: ["80 5080 owned 2"],
      scans: 1,
    });
  }
});

test("what stays hidden is told so after three scans", () => {
  expect(rescanned([hidden(1)])).toEqual({ sockets: ["80 1 hidden 0"], scans: 3 });
});

test("a host that changes all the time gets an end", () => {
  const scans = Array.from({ length: 40 }, (_, i) => [hidden(i)]);
  expect(rescanned(...scans)).toEqual({ sockets: ["80 2 hidden 0"], scans: 20 });
});

test("a service that is opened anew all the time gets its owner from any scan", () => {
  const scans = [...Array.from({ length: 9 }, (_, i) => [hidden(i)]), [held(9)]];
  expect(rescanned(...scans)).toEqual({ sockets: ["80 9 owned 1"], scans: 10 });
});

test("quick scans are told who owned something, and say nothing of what they do not find", () => {
  const kernel = socket("0.0.0.0", 2049, { ownership: "kernel", owners: [], inode: 3 });
  const asked: (number[] | null)[] = [];
  const document = rescanUntilStable((uncertain) => {
    const scan = asked.length;
    asked.push(uncertain?.pids ? [...uncertain.pids] : null);
    const quick = asked.at(-1) !== null;
    const flux = scan < 6 ? hidden(scan) : held(scan);
    return snapshot([
      quick ? { ...kernel, ownership: "hidden" } : kernel,
      flux,
      ...(scan === 0 ? [socket("0.0.0.0", 22)] : []),
    ]);
  });
  expect(asked.slice(0, 5)).toEqual([null, null, null, [100], [100]]);
  expect(document.sockets.map(({ local, ownership }) => `${local.port} ${ownership}`)).toEqual([
    "2049 kernel",
    "80 owned",
    "22 owned",
  ]);
});
