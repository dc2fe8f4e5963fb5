import { expect, test } from "bun:test";
import type { SocketDocument } from "../../src/snapshot/document.ts";
import { settledDocument } from "../../src/snapshot/rescan.ts";
import { owner, snapshot, socket } from "../audit/documents.ts";

/** What becomes of several looks, as `port inode ownership owners`, and how many looks were taken. */
function settled(...looks: SocketDocument[][]): { sockets: string[]; looks: number } {
  let taken = 0;
  const document = settledDocument(() => snapshot(looks[Math.min(taken++, looks.length - 1)]!));
  return {
    sockets: document.sockets.map(({ local, inode, ownership, owners }) =>
      `${local.port} ${inode} ${ownership} ${owners.length}`
    ),
    looks: taken,
  };
}

const held = (inode: number) => socket("0.0.0.0", 80, { inode });
const hidden = (inode: number) => socket("0.0.0.0", 80, { inode, ownership: "hidden", owners: [] });
const ended = owner({ pid: 7, exe: null, uid: null, comm: null, cmdline: null });

test("one look is enough where every holder is known", () => {
  expect(settled([held(1)])).toEqual({ sockets: ["80 1 owned 1"], looks: 1 });
});

test("a socket that was closed meanwhile leaves, or makes room for the one in its place", () => {
  expect(settled([held(1), hidden(2)], [held(1)]).sockets).toEqual(["80 1 owned 1"]);
  expect(settled([hidden(1)], [held(2)])).toEqual({ sockets: ["80 2 owned 1"], looks: 2 });
  expect(settled([hidden(1)], []).sockets).toEqual([]);
});

test("a holder that ended meanwhile leaves, where there is another", () => {
  expect(settled([socket("0.0.0.0", 80, { owners: [owner(), ended] })])).toEqual({
    sockets: ["80 5080 owned 1"],
    looks: 1,
  });
  expect(settled([socket("0.0.0.0", 80, { inode: 1, owners: [ended] })], [held(1)]).sockets)
    .toEqual(["80 1 owned 1"]);
});

test("what stays hidden is told so after three looks", () => {
  expect(settled([hidden(1)])).toEqual({ sockets: ["80 1 hidden 0"], looks: 3 });
});

test("a host that changes all the time gets an end", () => {
  const looks = Array.from({ length: 40 }, (_, i) => [hidden(i)]);
  expect(settled(...looks)).toEqual({ sockets: ["80 2 hidden 0"], looks: 20 });
});

test("a service that is opened anew all the time gets its holder from any look", () => {
  const looks = [...Array.from({ length: 9 }, (_, i) => [hidden(i)]), [held(9)]];
  expect(settled(...looks)).toEqual({ sockets: ["80 9 owned 1"], looks: 10 });
});

test("quick looks are told who held something, and say nothing of what they do not find", () => {
  const kernel = socket("0.0.0.0", 2049, { ownership: "kernel", owners: [], inode: 3 });
  const asked: (number[] | null)[] = [];
  const document = settledDocument((doubt) => {
    const look = asked.length;
    asked.push(doubt?.holders ? [...doubt.holders] : null);
    const quick = asked.at(-1) !== null;
    const flux = look < 6 ? hidden(look) : held(look);
    return snapshot([
      quick ? { ...kernel, ownership: "hidden" } : kernel,
      flux,
      ...(look === 0 ? [socket("0.0.0.0", 22)] : []),
    ]);
  });
  expect(asked.slice(0, 5)).toEqual([null, null, null, [100], [100]]);
  expect(document.sockets.map(({ local, ownership }) => `${local.port} ${ownership}`)).toEqual([
    "2049 kernel",
    "80 owned",
    "22 owned",
  ]);
});
