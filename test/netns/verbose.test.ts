/**
 * `--verbose` names what could not be read, in every command that tells gaps; without it each sort is one line.
 *
 * @module
 */
import { describe, expect } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const reason = firstReason(
  namespaceReason(),
  pythonReason(),
  Bun.which("setpriv") !== null && process.getuid?.() === 0 ? null : "setpriv as root is needed",
);

const NAME = /^sockeye: (?:\S+: )? {2}process \d+ \(.+\)/m;

describe("what could not be read", () => {
  testIf(reason, "is counted, and named on request", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockeye-verbose-"));
    chmodSync(folder, 0o755);
    try {
      await using netns = await Namespace.create();
      await using _ = await makeSocket("tcp_listen", { port: 8080 }, { netns });
      const file = join(folder, "host.json");
      const now = sockeye(["snapshot", "--own-netns"], { netns, before: NOBODY });
      writeFileSync(file, now.stdout);
      const commands: [words: string[], counted: boolean][] = [
        [["-t"], true],
        [["--all-netns"], true],
        [["8080"], true],
        [["audit", "--own-netns"], true],
        [["audit", "--snapshot", file], true],
        [["snapshot", "--own-netns"], true],
        [["kill", "--yes", "--socket", "process no-such-process"], true],
        // These say in their answer that not everything was seen.
        [["diff", "--own-netns", file], false],
        [["report", file], false],
      ];
      for (const [words, counted] of commands) {
        const brief = sockeye(words, { netns, before: NOBODY }).stderr;
        expect([words, /processes could not be read/.test(brief)]).toEqual([words, counted]);
        expect(brief).not.toMatch(NAME);
        const whole = sockeye([...words, "--verbose"], { netns, before: NOBODY }).stderr;
        expect(whole).toMatch(/processes could not be read/);
        expect(whole).toMatch(NAME);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  testIf(reason, "is named in JSON, of namespaces as of descriptors", async () => {
    await using netns = await Namespace.create();
    await using _ = await makeSocket("tcp_listen", { port: 8080 }, { netns });
    const { stdout } = sockeye(["--all-netns", "--json"], { netns, before: NOBODY });
    const { gaps } = JSON.parse(stdout) as {
      gaps: readonly { kind: string; denied?: number; items?: readonly string[] }[];
    };
    for (const kind of ["processes", "netns"]) {
      const gap = gaps.find((one) => one.kind === kind && one.denied !== undefined);
      expect(gap?.items?.[0]).toMatch(/^process \d+ \(.+\)/);
      expect(gap!.items!.length).toBe(Math.min(gap!.denied!, 1001));
    }
  });
});
