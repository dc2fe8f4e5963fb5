/** The listing on a real terminal, and beside it in a pipe. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { fileURLToPath } from "node:url";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE, sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());
const TERMINAL = fileURLToPath(new URL("../support/on_terminal.py", import.meta.url));

describe("on a terminal", () => {
  let netns: Namespace;
  const made: AsyncDisposable[] = [];
  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create();
    made.push(await makeSocket("forked_listener", {}, { netns }));
    made.push(await makeSocket("reuseport", {}, { netns }));
    made.push(await makeSocket("udp_bound", { port: 5353 }, { netns }));
  });
  afterAll(async () => {
    if (reason !== null) return;
    for (const one of made) await one[Symbol.asyncDispose]();
    await netns.stop();
  });

  async function screen(args: readonly string[], env: Record<string, string> = {}) {
    const { stdout } = await netns.run(["python3", TERMINAL, "100", SOCKEYE, ...args], {
      env: { TERM: "xterm", NO_COLOR: "", ...env },
    });
    return new TextDecoder().decode(stdout).split("\n").filter((line) =>
      line !== "" && !line.includes("sockeye:")
    );
  }

  testIf(reason, "a row is a service, in a pipe and with --full a socket", async () => {
    const { stdout } = sockeye(["-H"], { netns });
    const sockets = stdout.trimEnd().split("\n");
    const rows = await screen(["-H"], { NO_COLOR: "1" });
    expect(rows.length).toBeLessThan(sockets.length);
    expect(rows.filter((row) => / ×\d+ /.test(row))).toHaveLength(1);
    expect(rows.filter((row) => /python3 \d+ \+\d+/.test(row)).length).toBeGreaterThan(0);
    const full = await screen(["-H", "--full"], { NO_COLOR: "1" });
    expect(full.filter((row) => /^(tcp|udp)/.test(row))).toHaveLength(sockets.length);
    // Columns of a pipe can be counted.
    for (const row of sockets) expect(row.split(/ +/).length).toBeGreaterThanOrEqual(8);
    expect(stdout).not.toContain("\x1b");
  });

  testIf(reason, "there is colour, but not with NO_COLOR, TERM=dumb or --color=never", async () => {
    const escape = (lines: readonly string[]) => lines.join("\n").includes("\x1b");
    expect(escape(await screen([]))).toBe(true);
    expect(escape(await screen([], { NO_COLOR: "1" }))).toBe(false);
    expect(escape(await screen([], { TERM: "dumb" }))).toBe(false);
    expect(escape(await screen(["--color=never"]))).toBe(false);
  });

  testIf(
    firstReason(reason, Bun.which("setpriv") === null ? "there is no setpriv program" : null),
    "an ordinary user is told what to type, and root is never told to become root",
    async () => {
      const ordinary = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      for (const args of [[], ["5353"]]) {
        const all = async (before: readonly string[]) => {
          const { stdout } = await netns.run(
            ["python3", TERMINAL, "100", ...before, SOCKEYE, ...args],
            { env: { TERM: "xterm", NO_COLOR: "1" } },
          );
          return new TextDecoder().decode(stdout);
        };
        const told = (await all(ordinary)).split("\n").filter((line) => line.includes("sudo"));
        expect(told).toEqual([
          "sockeye: owners of other users' sockets are hidden; try: sudo sockeye",
        ]);
        expect(await all([])).not.toContain("sudo");
      }
    },
  );

  testIf(reason, "no pager stands between, and no line is wider than it", async () => {
    for (const line of await screen([], { NO_COLOR: "1", PAGER: "false" })) {
      expect(line.length).toBeLessThanOrEqual(100);
    }
  });
});
