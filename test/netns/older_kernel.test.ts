/**
 * What follows where the kernel offers less: the rows of docs/kernels.md. An older kernel is made of this one by a filter that
 * answers ENOSYS to every call that came later, and an empty /sys/kernel/btf. What a call was asked for is then done otherwise,
 * or refused, and said.
 */
import { expect } from "bun:test";
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonReason } from "../support/factory.ts";
import { firstLine, Lines } from "../support/lines.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE, sockeye, validSnapshot } from "../support/sockeye.ts";

const FILTER = new URL("../support/seccomp.py", import.meta.url).pathname;
const SCRIPT = 'mount -t tmpfs none /sys/kernel/btf && exec python3 "$0" "$@"';

const reason = firstReason(
  namespaceReason(),
  pythonReason(),
  process.getuid?.() === 0 ? null : "only root can mount",
  process.arch === "x64" ? null : "the filter has the numbers of x86-64",
  Bun.spawnSync(["unshare", "-m", "sh", "-c", SCRIPT, FILTER, "4.18", "/bin/true"], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    }).success
    ? null
    : "no kernel without BTF can be made of this one",
);

const older = (release: string) => ["unshare", "-m", "sh", "-c", SCRIPT, FILTER, release];

/** TCP with a connection, UDP, a unix socket in a folder, and a child that inherits all of it. */
const SCENE = `
import os, socket, sys
server = socket.create_server(("127.0.0.1", 4003))
client = socket.create_connection(("127.0.0.1", 4003)); accepted, _ = server.accept()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", 4004))
local = socket.socket(socket.AF_UNIX); local.bind(sys.argv[1]); local.listen(4)
read, write = os.pipe()
if os.fork() == 0:
    os.close(write); os.read(read, 1); os._exit(0)
print("up", flush=True)
sys.stdin.read()
`;

const SENDER = `
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"one", ("127.0.0.1", 4012))
sys.stdin.read()
`;

async function withScene(
  check: (netns: Namespace, path: string, pid: number) => void | Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-older-"));
  try {
    await using netns = await Namespace.create();
    const path = join(folder, "socket");
    const scene = Bun.spawn(netns.command(["python3", "-c", SCENE, path]), {
      stdin: "pipe",
      stdout: "pipe",
    });
    try {
      expect(await firstLine(scene.stdout)).toBe("up");
      await check(netns, path, scene.pid);
    } finally {
      scene.stdin.end();
      await scene.exited;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// deno-lint-ignore no-explicit-any -- the tests say what is in there.
type Json = any;

function listing(netns: Namespace, before: readonly string[], ...more: string[]) {
  const { status, stdout, stderr } = sockeye(["-a", "-t", "-u", "-x", "--json", ...more], {
    netns,
    before,
  });
  expect(status).toBe(0);
  const { sockets } = validSnapshot(JSON.parse(stdout));
  return { sockets: sockets.filter(({ owners }) => owners.length > 0), stderr };
}

function straceReason(): string | null {
  if (Bun.which("strace") === null) return "there is no strace program";
  const tried = Bun.spawnSync(["strace", "-qq", "-o", "/dev/null", "true"], { stdin: "ignore" });
  return tried.success ? null : `strace may not trace here: ${tried.stderr.toString().trim()}`;
}

/** Runs a program some of whose calls fail as an older kernel would have them fail; `log`: where the calls are told. */
const failing = (call: string, how: string, log = "/dev/null") => [
  ...["strace", "-f", "-qq", "--seccomp-bpf", "-o", log],
  ...["-e", `trace=${call},prlimit64`, "-e", `inject=${call}:${how}`],
];

describeIf(firstReason(reason, straceReason()), "where one call is missing or refused", () => {
  testIf(
    null,
    "before 5.11 a map finds no room under RLIMIT_MEMLOCK, which is raised, once",
    async () => {
      await using netns = await Namespace.create();
      const folder = mkdtempSync(join(tmpdir(), "sockeye-older-"));
      const log = join(folder, "calls");
      try {
        // The first call makes the ring.
        const ran = (times: string) =>
          sockeye(
            ["watch", "--json", "--source=cgroup", "--own-netns", "--for=1ms"],
            { netns, before: failing("bpf", `error=EPERM:when=${times}`, log) },
          );
        const raises = () =>
          readFileSync(log, "utf8").split("\n").filter((line) =>
            /prlimit64\(0, RLIMIT_MEMLOCK, \{rlim_cur=RLIM64_INFINITY, rlim_max=RLIM64_INFINITY\}/
              .test(line)
          );
        const once = ran("1");
        expect(JSON.parse(once.stdout.split("\n")[0]!).rung).toBe("cgroup");
        expect(raises()).toHaveLength(1);
        // A want of capabilities looks the same, and stays.
        const always = ran("1+");
        const header = JSON.parse(always.stdout.split("\n")[0]!);
        expect(header.rung).not.toBe("cgroup");
        expect(header.reasons.join()).toContain("EPERM");
        expect(raises()).toHaveLength(1);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  testIf(
    null,
    "before 5.14 hooks alone take the namespace of the process, and --own-netns sees its own",
    async () => {
      await using netns = await Namespace.create();
      const watch = Bun.spawn(
        netns.command([
          ...failing("getsockopt", "error=ENOPROTOOPT"),
          ...[
            SOCKEYE,
            "watch",
            "--json",
            "--source=cgroup",
            "--own-netns",
            "--count=1",
            "udp and dport = 4012",
          ],
        ]),
        { stdin: "ignore", stdout: "pipe", stderr: "ignore" },
      );
      try {
        const lines = new Lines(watch.stdout);
        const header = JSON.parse(await lines.next());
        expect(header.rung).toBe("cgroup");
        expect(header.unseen).toContain(
          "the network namespace of processes that are gone at once",
        );
        expect(header.reasons.join()).toContain("which came with Linux 5.14");
        // It stays until the event is told.
        const sender = Bun.spawn(netns.command(["python3", "-c", SENDER]), {
          stdin: "pipe",
          stdout: "ignore",
        });
        const event = JSON.parse(await lines.next());
        const inode = readlinkSync(`/proc/${sender.pid}/ns/net`);
        sender.stdin.end();
        await sender.exited;
        expect(event).toMatchObject({ event: "send", peer: { port: 4012 } });
        expect(inode).toBe(`net:[${event.netns.inode}]`);
      } finally {
        watch.kill();
        await watch.exited;
      }
    },
  );
});

describeIf(reason, "on an older kernel", () => {
  for (const release of ["4.18", "3.10"]) {
    testIf(null, `${release}: the same sockets with the same owners, from /proc`, async () => {
      await withScene((netns) => {
        const now = listing(netns, []);
        const then = listing(netns, older(release), "-v", "--owners=bpf");
        expect(now.sockets.length).toBeGreaterThanOrEqual(5);
        // The last acknowledgement may be a moment older, but who holds what does not change.
        const held = ({ sockets }: Json) =>
          sockets.map(({ inode, transport, state, local, owners }: Json) => ({
            inode,
            transport,
            state,
            local,
            owners: owners.map(({ pid, fds }: Json) => ({ pid, fds })),
          }));
        expect(held(then)).toEqual(held(now));
        expect(then.stderr).toContain(
          release === "4.18"
            ? "owners: by /proc, not BPF: /sys/kernel/btf/vmlinux is missing"
            : "owners: by /proc, not BPF: this kernel was built without bpf(2)",
        );
      });
    });

    testIf(
      null,
      `${release}: a unix socket is found by its path, walked part by part`,
      async () => {
        await withScene((netns, path, pid) => {
          const ask = (before: readonly string[]) => {
            const { status, stdout } = sockeye(["explain", `unix:${path}`, "--json"], {
              netns,
              before,
            });
            expect(status).toBe(0);
            const [explanation] = JSON.parse(stdout).explanations;
            return explanation.subjects.flatMap(({ sockets }: Json) =>
              sockets.map(({ local }: Json) => local)
            );
          };
          const [now, then] = [ask([]), ask(older(release))];
          expect(then).toEqual(now);
          expect(JSON.stringify(then)).toContain(path);
          expect(pid).toBeGreaterThan(0);
        });
      },
    );

    testIf(
      null,
      `${release}: kill signals no process that it cannot tell from a later one`,
      async () => {
        await withScene((netns, _path, pid) => {
          const ran = sockeye(["kill", "udp/4004", "--yes"], {
            netns,
            before: older(release),
          });
          expect(ran.stderr + ran.stdout).toContain("that takes Linux 5.3");
          expect(ran.status).not.toBe(0);
          expect(() => process.kill(pid, 0)).not.toThrow();
        });
      },
    );

    testIf(
      null,
      `${release}: watch says what it does not see, and why`,
      async () => {
        await using netns = await Namespace.create();
        const watch = Bun.spawn(
          netns.command([
            ...older(release),
            SOCKEYE,
            "watch",
            "--json",
            "--own-netns",
            "--count=1",
            "--listen",
          ]),
          { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
        );
        try {
          const header = JSON.parse(await firstLine(watch.stdout));
          // The kernel's own samples are there where tracefs is mounted, which no refused call changes.
          expect(release === "4.18" ? ["cgroup"] : ["perf", "destroy"]).toContain(header.rung);
          expect(header.unseen.length).toBeGreaterThan(0);
          expect(header.reasons.join("\n")).toContain(
            release === "4.18" ? "/sys/kernel/btf/vmlinux is missing" : "ENOSYS",
          );
        } finally {
          watch.kill();
          await watch.exited;
        }
      },
    );

    testIf(null, `${release}: doctor says what is missing and what follows`, async () => {
      await using netns = await Namespace.create();
      const ran = sockeye(["doctor", "--json"], { netns, before: older(release) });
      expect(ran.status).toBe(0);
      const { features, watch, btf } = JSON.parse(ran.stdout);
      const unusable = features.filter(({ usable }: Json) => !usable).map(({ name }: Json) => name);
      for (
        const name of [
          "openat2()",
          "openat2() from memory alone",
          "pidfd_open()",
          "pidfd_send_signal()",
          "pidfd_getfd()",
          "owners by BPF",
          "hooks and tracepoints",
        ]
      ) {
        expect(unusable).toContain(name);
      }
      for (const name of ["statx()", "statx() with the mount", "hooks alone"]) {
        expect(unusable.includes(name)).toBe(release === "3.10");
      }
      expect(btf.usable).toBe(false);
      expect(watch.usable).toBe(false);
      expect(watch.reason.endsWith("it sees by hooks alone")).toBe(release === "4.18");
    });
  }
});
