/**
 * Owners by BPF and owners by /proc: the same answer, and what happens where BPF is not allowed.
 */
import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { usableProcessors } from "../../ffi/process.ts";
import { whyNoOwnerPass } from "../../src/bpf/owner_iterator.ts";
import { fillSockets, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, skip, testIf } from "../support/skip.ts";
import { sockeye, validSnapshot } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

/** Situations in which a socket has several owners, odd ones, or none. */
const FACTORIES = [
  "forked_listener",
  "many_owners",
  "inherited_listener",
  "passed_to_other_process",
  "private_table_thread",
  "scm_rights",
  "socket_activation",
  "tcp_pair",
  "tcp_listen_dual",
  "udp_bound",
  "mptcp",
  "unaccepted",
  "zombie_leader",
];

describe("owners by BPF", () => {
  for (const factory of FACTORIES) {
    testIf(
      firstReason(reason, whyNoOwnerPass()),
      `are those of /proc: ${factory}`,
      async () => {
        await using netns = await Namespace.create();
        await using made = await makeSocket(factory, {}, { netns });
        if (made.skip !== null) skip(made.skip);
        const look = (how: string) => {
          const ran = sockeye(["-tua", "--json", "-v", `--owners=${how}`], { netns });
          expect(ran.status).toBe(0);
          const { sockets } = validSnapshot(JSON.parse(ran.stdout));
          return {
            note: ran.stderr,
            owners: sockets.map(({ inode, owners }) => ({
              inode,
              owners: owners.map(({ pid, tid, fds, comm, exe }) => ({ pid, tid, fds, comm, exe })),
            })),
          };
        };
        const bpf = look("bpf");
        const proc = look("proc");
        expect(bpf.note).toMatch(/owners: \d+ descriptors by BPF/);
        expect(proc.note).toContain("owners: by /proc, not BPF: as asked for");
        expect(bpf.owners.length).toBeGreaterThan(0);
        expect(bpf.owners).toEqual(proc.owners);
      },
      400_000,
    );
  }
});

describe("--owners=bpf", () => {
  testIf(
    process.getuid?.() === 0 ? null : "not root",
    "falls back to /proc for an ordinary user, and says why",
    () => {
      const ran = sockeye(["-tl", "-v", "--owners=bpf"], {
        before: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
      });
      expect(ran.status).toBe(0);
      expect(ran.stderr).toContain(
        "owners: by /proc, not BPF: bpf(2) is not permitted: CAP_BPF and CAP_PERFMON are missing",
      );
    },
  );

  testIf(
    process.getuid?.() === 0 ? null : "not root",
    "falls back where /proc counts processes in another way than the kernel does for us",
    () => {
      const ran = sockeye(["-tl", "-v", "--owners=bpf"], { before: ["unshare", "-p", "-f"] });
      expect(ran.stderr).toContain("/proc shows the process IDs of another PID namespace");
    },
  );
});

describe("--owners=proc", () => {
  testIf(
    firstReason(reason, usableProcessors() > 1 ? null : "one processor"),
    "is a walk by two threads where there are very many descriptors, with the rows of one",
    async () => {
      await using netns = await Namespace.create();
      await using _filled = await fillSockets(32_000, 4, { netns });
      const look = (before: readonly string[]) => {
        const ran = sockeye(["-ta", "-v", "--owners=proc"], { netns, before });
        expect(ran.status).toBe(0);
        return ran;
      };
      const two = look([]);
      const one = look(["taskset", "--cpu-list", firstProcessor()]);
      expect(two.stderr).toContain("owners: /proc is walked by two threads");
      expect(one.stderr).not.toContain("two threads");
      expect(two.stdout).toBe(one.stdout);
      // Where there are hardly any descriptors, the thread must not take the last.
      for (const limit of [6, 7, 8, 9, 10, 12, 63, 64]) {
        const few = sockeye(["-ta", "--owners=proc"], {
          netns,
          before: ["prlimit", `--nofile=${limit}`],
        });
        expect({ limit, status: few.status === 0 || few.status === 2 })
          .toEqual({ limit, status: true });
        expect(few.stdout + few.stderr).toMatch(/\(pid=|could not be read|EMFILE/);
      }
      expect(two.stdout.match(/\(pid=\d+,fd=\d+\)$/gm)!.length).toBeGreaterThanOrEqual(32_000);
    },
    400_000,
  );
});

function firstProcessor(): string {
  const status = readFileSync("/proc/self/status", "latin1");
  return /^Cpus_allowed_list:\s+(\d+)/m.exec(status)![1]!;
}
