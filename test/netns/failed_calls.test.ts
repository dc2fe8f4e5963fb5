/**
 * What the program says if a system call fails, where ./scripts/faults once found that it said nothing, or something wrong.
 */
import { expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const reason = firstReason(
  namespaceReason(),
  process.getuid?.() === 0 ? null : "not root",
  Bun.which("strace") === null ? "there is no strace program" : null,
);

/** Runs the program while a call fails; `path`: only where it is about this path. */
function failing(fault: string, args: string[], netns: Namespace, path?: string) {
  const { out, ...rest } = runFailing(fault, args, netns, path);
  if (out === "") throw new Error(`${fault}: ${rest.told}`);
  return { answer: JSON.parse(out), ...rest };
}

function runFailing(fault: string, args: string[], netns: Namespace, path?: string) {
  const { stdout, stderr, exitCode } = Bun.spawnSync(netns.command([
    // It stops at this call alone, of which there are few.
    ...["strace", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf"],
    ...["-e", `trace=${fault.slice(0, fault.indexOf(":"))}`, "-e", `inject=${fault}`],
    ...path === undefined ? [] : ["-P", path],
    SOCKEYE,
    ...args,
  ]));
  return { out: stdout.toString(), told: stderr.toString(), status: exitCode };
}

/** A process that listens on TCP port 8001 of a namespace until it is disposed of. */
async function serve(netns: Namespace): Promise<AsyncDisposable & { readonly pid: number }> {
  const program =
    "import socket; s = socket.create_server(('127.0.0.1', 8001)); print(flush=True); input()";
  const server = Bun.spawn(netns.command(["python3", "-c", program]), {
    stdin: "pipe",
    stdout: "pipe",
  });
  await server.stdout.getReader().read();
  return {
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      server.kill();
      await server.exited;
    },
  };
}

testIf(
  reason,
  "a namespace that cannot be entered is there all the same, whatever the error says",
  async () => {
    await using here = await Namespace.create();
    await using there = await Namespace.create();
    await using _server = await serve(there);
    for (const error of ["ENOENT", "EIO"]) {
      const { answer } = failing(`setns:error=${error}`, ["--all-netns", "--json"], here);
      const found = answer.sockets.filter((socket: { netns: { inode: number } }) =>
        socket.netns.inode === there.inode
      );
      expect(found).toHaveLength(1);
    }
  },
  300_000,
);

testIf(
  reason,
  "our own network namespace is known by its file where the link cannot be read",
  async () => {
    await using here = await Namespace.create();
    const link = "/proc/thread-self/ns/net";
    const { answer } = failing("readlinkat:error=EACCES", ["snapshot"], here, link);
    expect(answer.host.netns).toBe(here.inode);
  },
  300_000,
);

testIf(
  reason,
  "where a process lives is told with what could not be read of it",
  async () => {
    await using here = await Namespace.create();
    await using server = await serve(here);
    for (const [file, what] of [["cwd", "working directory"], ["root", "root directory"]]) {
      const path = `/proc/${server.pid}/${file}`;
      const { answer } = failing(
        "readlinkat:error=EPERM",
        ["explain", "8001", "--json"],
        here,
        path,
      );
      const [place] = answer.explanations[0].subjects[0].places;
      expect(place.unread).toContainEqual(
        `the ${what}: operation not permitted (EPERM)`,
      );
    }
  },
  300_000,
);

testIf(
  reason,
  "a unix socket whose file we failed to look at is not said to be in another root directory",
  async () => {
    await using here = await Namespace.create();
    const folder = mkdtempSync(join(tmpdir(), "sockeye-"));
    const path = join(folder, "a.sock");
    const program =
      `import socket; s = socket.socket(socket.AF_UNIX); s.bind("${path}"); s.listen(); print(flush=True); input()`;
    const server = Bun.spawn(here.command(["python3", "-c", program]), {
      stdin: "pipe",
      stdout: "pipe",
    });
    try {
      await server.stdout.getReader().read();
      const placeIn = (
        answer: { sockets: { local: { path?: string; host_path?: string | null } }[] },
      ) => answer.sockets.find(({ local }) => local.path === path)!.local.host_path;
      expect(placeIn(failing("openat2:error=EIO:when=9999", ["snapshot"], here).answer)).toBe(path);
      const { answer, told } = failing("openat2:error=EIO", ["snapshot"], here, path);
      expect(placeIn(answer)).toBeUndefined();
      expect(told).toContain("EIO");
    } finally {
      server.kill();
      await server.exited;
      rmSync(folder, { recursive: true });
    }
  },
  300_000,
);

testIf(
  reason,
  "wait says that it may lack some who have what it waited for",
  async () => {
    await using here = await Namespace.create();
    await using server = await serve(here);
    // Nor does BPF answer.
    const fault = "readlinkat,bpf:error=EIO";
    const args = ["wait", "8001", "-t", "0"];
    expect(runFailing(`${fault}:when=9999`, args, here).out).toContain(`(${server.pid})`);
    const { out, told, status } = runFailing(fault, args, here);
    expect(status).toBe(0);
    expect(out).toContain("127.0.0.1:8001");
    expect(out).not.toContain(`(${server.pid})`);
    expect(told).toContain("EIO");
    // Whether somebody else has it too is not known either.
    const other = runFailing(fault, [...args, "--by", "nobody-is-called-so"], here);
    expect([other.status, other.told]).toEqual([3, expect.stringContaining("EIO")]);
  },
  300_000,
);

testIf(
  reason,
  "lsof names no fewer processes without a word",
  async () => {
    await using here = await Namespace.create();
    await using server = await serve(here);
    const path = `/proc/${server.pid}`;
    const args = ["lsof", "-nP", "-i", "TCP:8001"];
    const shown = (fault: string) => runFailing(fault, args, here, path);
    // It is asked again.
    expect(shown("statx:error=EINTR:when=1").out).toContain(String(server.pid));
    expect(shown("statx:error=EAGAIN").told).toContain("EAGAIN");
  },
  300_000,
);

testIf(
  reason,
  "nothing has vanished where no link of /proc can be read",
  async () => {
    await using here = await Namespace.create();
    await using _server = await serve(here);
    const folder = mkdtempSync(join(tmpdir(), "sockeye-"));
    const before = join(folder, "before.json");
    try {
      writeFileSync(before, runFailing("readlinkat:error=EIO:when=9999", ["snapshot"], here).out);
      const args = ["diff", before, "--json"];
      for (const error of ["EPERM", "EIO", "ENOENT"]) {
        // Nor can the file of our own network namespace be looked at in the second run.
        for (const path of [undefined, "/proc/thread-self/ns/net"]) {
          const calls = path === undefined ? "readlinkat" : "readlinkat,statx";
          const { answer, status } = failing(`${calls}:error=${error}`, args, here, path);
          const kinds = answer.differences.map(({ kind }: { kind: string }) => kind);
          expect([error, path, status, kinds.filter((kind: string) => kind !== "undecided")])
            .toEqual([error, path, 3, []]);
          expect(answer.because.length).toBeGreaterThan(0);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  300_000,
);

testIf(
  reason,
  "what /proc tells in place of a dump that failed is told to be less",
  async () => {
    await using here = await Namespace.create();
    for (const error of ["ENOMEM", "ENOBUFS"]) {
      const { answer } = failing(`sendmsg:error=${error}`, ["-x", "-a", "--json"], here);
      expect(answer.gaps).toContainEqual(
        expect.objectContaining({ kind: "reads", errno: error }),
      );
    }
  },
  300_000,
);

testIf(
  reason,
  "a setting of the kernel that may not be read is a gap",
  async () => {
    await using here = await Namespace.create();
    const path = "/proc/sys/net/ipv4/ip_local_port_range";
    const { answer } = failing("openat:error=EACCES", ["snapshot"], here, path);
    expect(answer.host.ephemeral_ports).toBeNull();
    expect(answer.gaps).toContainEqual(
      expect.objectContaining({ reason: expect.stringContaining(path) }),
    );
  },
  300_000,
);

testIf(
  reason,
  "an audit says why it does not know the user of a program",
  async () => {
    await using here = await Namespace.create();
    await using server = await serve(here);
    const path = `/proc/${server.pid}/status`;
    const policy = mkdtempSync(join(tmpdir(), "sockeye-"));
    try {
      const file = join(policy, "policy.yaml");
      writeFileSync(file, "schema: sockeye.policy/1\nlisteners: []\n");
      const { answer } = failing(
        "openat:error=EACCES",
        ["audit", "--policy", file, "--format", "json"],
        here,
        path,
      );
      const owners = answer.results.flatMap((result: { owners: { pids: number[] }[] }) =>
        result.owners
      ).filter(({ pids }: { pids: number[] }) => pids.includes(server.pid));
      expect(owners).toContainEqual(
        expect.objectContaining({ user: null, unread: { status: "EACCES" } }),
      );
    } finally {
      rmSync(policy, { recursive: true });
    }
  },
  300_000,
);
