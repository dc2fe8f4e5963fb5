/**
 * Tables that the kernel cannot list, beside real processes with and without such sockets.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { Diagnostics } from "../../src/diagnostics.ts";
import { gapLines } from "../../src/model/gap.ts";
import { insidePidNamespace } from "../../src/proc/ns.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { scanFew } from "../../src/snapshot/held_sockets.ts";
import { protocolsHeld, settleUnlisted } from "../../src/snapshot/unlisted_protocols.ts";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { skip, testIf } from "../support/skip.ts";

const VSOCK = {
  kind: "table",
  reason: "vsock could not be read: the kernel has no diag module for it",
  detail: { table: "vsock" },
  protocol: "AF_VSOCK",
} as const;

const root = new ProcRoot();

/** A look at this process, as if there were no other. */
const scanOf = (pid: number, denied: readonly number[] = []) => ({
  ...scanFew([pid], root),
  denied: [...denied],
  hidden: false,
});

/** The diagnostics with a gap about vsock, after a look at what this process has. */
function settled(pid: number, denied: readonly number[] = []): Diagnostics {
  const diagnostics = new Diagnostics();
  diagnostics.gap(VSOCK);
  settleUnlisted(diagnostics, [], root, scanOf(pid, denied));
  return diagnostics;
}

const reason = pythonReason() ??
  (insidePidNamespace(root) === false ? null : "processes outside this PID namespace may exist");

async function withSocket(name: string, use: (made: Made) => void): Promise<void> {
  await using made = await makeSocket(name);
  if (made.skip !== null) skip(made.skip);
  use(made);
}

describe("a table that the kernel cannot list", () => {
  testIf(reason, "is no gap where no process has such a socket", async () => {
    await withSocket("tcp_listen", ({ pid }) => {
      expect([...protocolsHeld(scanOf(pid), root, () => false)!]).toContain("TCP");
      const { complete, notes } = settled(pid);
      expect(complete).toBe(true);
      expect(notes).toEqual([`${VSOCK.reason}, but no process has such a socket`]);
    });
  });

  testIf(reason, "is one where a process has one", async () => {
    await withSocket("vsock", ({ pid }) => {
      expect(protocolsHeld(scanOf(pid), root, () => false)!.has("AF_VSOCK")).toBe(true);
      expect(settled(pid).gaps).toEqual([VSOCK]);
    });
  });

  testIf(reason, "is one where a process could not be read", async () => {
    await withSocket("tcp_listen", ({ pid }) => {
      expect(settled(pid, [1]).gaps).toEqual([VSOCK]);
    });
  });

  test("is told once for all namespaces, and not beside processes that may hide the same", () => {
    const diagnostics = new Diagnostics();
    for (let netns = 0; netns < 16; netns++) {
      diagnostics.gap({ ...VSOCK, detail: { table: "vsock" } });
    }
    expect(diagnostics.gaps).toHaveLength(1);
    expect(gapLines(diagnostics.gaps, false)).toEqual([VSOCK.reason]);
    diagnostics.gap({ kind: "processes", reason: "1 process could not be read", detail: {} });
    expect(gapLines(diagnostics.gaps, false)).toEqual(["1 process could not be read"]);
    // JSON has both.
    expect(diagnostics.gaps).toHaveLength(2);
  });
});
