/**
 * The filler of the benches, with few sockets.
 *
 * @module
 */
import { expect } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fillSockets, pythonReason } from "./factory.ts";
import { alive } from "./socket_owners.ts";
import { namespaceReason, withNamespace } from "./netns.ts";
import { firstReason, testIf } from "./skip.ts";
import { ssReason, ssSockets } from "./ss.ts";

const reason = firstReason(pythonReason(), namespaceReason(), ssReason());

testIf(
  reason,
  "fillSockets() opens the number asked for, spread evenly, and leaves nothing",
  () =>
    withNamespace(async (netns) => {
      const filled = await fillSockets(600, 3, { netns });
      try {
        expect(filled.established).toBe(600);
        expect(filled.stopped).toBeNull();
        expect(filled.processes).toHaveLength(3);
        const rows = await ssSockets(netns);
        expect(rows).toHaveLength(600);
        expect(new Set(rows.map(({ inode }) => inode)).size).toBe(600);
        expect(rows.every(({ state }) => state === "established")).toBe(true);
        for (const pid of filled.processes) {
          const links = readdirSync(`/proc/${pid}/fd`).map((fd) =>
            readlinkSync(`/proc/${pid}/fd/${fd}`)
          );
          expect(links.filter((link) => link.startsWith("socket:"))).toHaveLength(200);
          expect(rows.filter(({ owners }) => owners[0]?.pid === pid)).toHaveLength(200);
        }
      } finally {
        await filled.stop();
      }
      expect([filled.pid, ...filled.processes].filter(alive)).toEqual([]);
      // Resets, not TIME-WAITs: the next bench in this namespace starts from nothing.
      expect(await ssSockets(netns)).toEqual([]);
    }),
);

const limit = Number(
  /^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1] ?? Infinity,
);
const many = limit > 20_000 ? `a process may hold ${limit} descriptors, too many to try` : null;

testIf(
  firstReason(reason, many),
  "fillSockets() takes more processes when one may not hold that many",
  () =>
    withNamespace(async (netns) => {
      await using filled = await fillSockets(limit, 1, { netns });
      expect(filled.processes).toHaveLength(2);
      expect(filled.established).toBe(limit - limit % 2);
    }),
  400_000,
);
