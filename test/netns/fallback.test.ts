/**
 * What is answered where the kernel, a sandbox or the mount of /proc withholds something: the same rows by another way, or
 * fewer, and then it is said.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE, validSnapshot } from "../support/sockeye.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-fallback-"));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const sockets = firstReason(namespaceReason(), pythonReason());
const strace = firstReason(
  sockets,
  Bun.which("strace") === null ? "there is no strace program" : null,
);

/** Every socket(2) call is refused, as a sandbox without sock_diag refuses it. */
const NO_NETLINK = [
  "strace",
  "-f",
  "-o",
  "/dev/null",
  "-e",
  "trace=socket",
  "-e",
  "inject=socket:error=EPROTONOSUPPORT",
  "--",
];

describe("without sock_diag", () => {
  for (
    const name of [
      "tcp_listen",
      "tcp_listen_dual",
      "tcp_pair",
      "tcp6_pair",
      "udp_bound",
      "unaccepted",
      "time_wait",
    ]
  ) {
    testIf(strace, `${name} is read from /proc/net, with the same owners`, async () => {
      await using netns = await Namespace.create();
      await using _made = await makeSocket(name, {}, { netns });
      const run = (before: string[]) => {
        const ran = Bun.spawnSync(
          netns.command([...before, SOCKEYE, "-a", "-t", "-u", "-v", "--owners=proc", "--json"]),
        );
        expect(ran.exitCode).toBe(0);
        const rows = validSnapshot(JSON.parse(ran.stdout.toString())).sockets.map((socket) => ({
          transport: socket.transport,
          state: socket.state,
          local: socket.local,
          peer: socket.peer,
          inode: socket.inode,
          owners: socket.owners.map(({ pid, fds }) => ({ pid, fds })),
        }));
        return {
          rows: rows.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1),
          said: ran.stderr.toString(),
        };
      };
      const direct = run([]);
      const fallback = run(NO_NETLINK);
      expect(fallback.rows).toEqual(direct.rows);
      expect(fallback.rows.length).toBeGreaterThan(0);
      expect(fallback.said).toContain(
        "netlink: socket(domain 16, protocol 4): protocol not supported (EPROTONOSUPPORT)",
      );
      expect(fallback.said).toContain(
        "tcp over IPv4: sock_diag is not available; read from /proc/net/tcp",
      );
    });
  }
});

describe("without descriptors to look with", () => {
  testIf(
    sockets,
    "no owner is taken for absent: it is an error, or said to be missing",
    async () => {
      await using netns = await Namespace.create();
      await using _made = await makeSocket("tcp_listen", {}, { netns });
      const run = (limit: number) =>
        Bun.spawnSync(
          netns.command([
            "sh",
            "-c",
            `ulimit -n ${limit} && exec "$0" "$@"`,
            SOCKEYE,
            "-t",
            "--owners=proc",
          ]),
        );
      let reasons = "";
      for (let limit = 5; limit <= 9; limit++) {
        const ran = run(limit);
        const [out, said] = [ran.stdout.toString(), ran.stderr.toString()];
        const told = out.includes("(pid=") ||
          /could not be read|EMFILE|too many open files/.test(said);
        reasons += said;
        expect({
          limit,
          told,
          bug: said.includes("this is a bug"),
          out: told ? "" : out,
          said: told ? "" : said,
        })
          .toEqual({ limit, told: true, bug: false, out: "", said: "" });
      }
      // It is no matter of rights, which other processes may be.
      expect(reasons).toContain(
        "processes could not be read; too many files are open: raise the limit (ulimit -n)",
      );
    },
  );
});

describe("with hidepid", () => {
  const reason = firstReason(
    sockets,
    process.getuid?.() === 0 ? null : "only root can mount",
    Bun.which("setpriv") === null ? "there is no setpriv program" : null,
  );

  testIf(
    reason,
    "an ordinary user is told that processes are not shown, and gets the sockets all the same",
    async () => {
      const copy = join(folder, "sockeye");
      copyFileSync(SOCKEYE, copy);
      chmodSync(copy, 0o755);
      await using netns = await Namespace.create();
      await using made = await makeSocket("tcp_listen", { port: 4321 }, { netns });
      expect(made.skip).toBeNull();
      const script =
        `mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$0" "$@"`;
      const ran = Bun.spawnSync(
        netns.command([
          "unshare",
          "--mount",
          "sh",
          "-c",
          script,
          copy,
          "--json",
          "--require-complete",
        ]),
      );
      expect(ran.exitCode).toBe(3);
      expect(ran.stderr.toString()).toContain(
        "/proc is mounted with hidepid: other users' processes are not shown",
      );
      const { complete, gaps, sockets } = validSnapshot(JSON.parse(ran.stdout.toString()));
      expect(complete).toBe(false);
      expect(gaps.map(({ kind }) => kind)).toContain("processes");
      expect(sockets).toMatchObject([{ local: { port: 4321 }, ownership: "hidden", owners: [] }]);
    },
  );
});
