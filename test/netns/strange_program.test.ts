/**
 * A user who mounts a program of his over one of the host, in a mount namespace of his own: the path proves nothing.
 */
import { expect } from "bun:test";
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const POLICY = `schema: sockeye.policy/1
settings: { unseen_holders: accept, unseen_parts: accept }
listeners:
  - { name: env, transport: tcp, port: 9100, netns: any, exe: /usr/bin/env }
`;
const PYTHON = Bun.which("python3", { PATH: "/usr/bin:/bin" });
const user = ["setpriv", "--reuid=4321", "--regid=4321", "--clear-groups"];
const reason = firstReason(
  namespaceReason(),
  pythonReason(),
  process.getuid?.() === 0 ? null : "not root",
  PYTHON === null ? "there is no python3 in /usr/bin" : null,
  Bun.which("setpriv") === null ? "there is no setpriv program" : null,
  Bun.spawnSync([...user, "unshare", "-Urm", "true"]).success
    ? null
    : "users may not make namespaces",
);

const SERVER =
  "import socket; s = socket.create_server(('127.0.0.1', 9100)); print(flush=True); input()";

/** A command line that runs a program of the user's as /usr/bin/env, in a mount namespace of the user's or from outside of it. */
const WAYS: Readonly<Record<string, (own: string) => string>> = {
  "inside a mount namespace of the user": (own) =>
    `unshare -Urm sh -c 'mount --bind ${own} /usr/bin/env && exec /usr/bin/env -c "$0"' "$SERVER"`,
  // Its mount namespace is that of the host then.
  "through /proc/PID/root of such a namespace": (own) =>
    `unshare -Urm sh -c 'mount --bind ${own} /usr/bin/env && echo && exec sleep 100' >"$FIFO" & ` +
    `read line <"$FIFO"; exec /proc/$!/root/usr/bin/env -c "$SERVER"`,
};

for (const [where, command] of Object.entries(WAYS)) {
  testIf(reason, `a user's program at a path of the host is not the host's: ${where}`, async () => {
    await using netns = await Namespace.create();
    const folder = mkdtempSync(join(tmpdir(), "sockeye-strange-"));
    try {
      chmodSync(folder, 0o777);
      const own = join(folder, "python");
      copyFileSync(realpathSync(PYTHON!), own);
      chmodSync(own, 0o755);
      const fifo = join(folder, "fifo");
      Bun.spawnSync([...user, "mkfifo", fifo]);
      const server = Bun.spawn(netns.command([...user, "setsid", "sh", "-c", command(own)]), {
        stdin: "pipe",
        stdout: "pipe",
        env: { ...process.env, SERVER, FIFO: fifo },
      });
      try {
        const { done } = await server.stdout.getReader().read();
        expect(done).toBe(false);
        const { explanations } = JSON.parse(
          await netns.output([SOCKEYE, "explain", "9100", "--json"]),
        );
        const [place] = explanations[0].subjects[0].places;
        expect(place).toMatchObject({
          exe: "/usr/bin/env",
          exe_is_host_file: false,
          package: null,
          unread: ["the package of the program: this host has another file there"],
        });
        const text = await netns.output([SOCKEYE, "explain", "9100"]);
        expect(text).toContain("/usr/bin/env  not this host's file");
        const policy = join(folder, "policy.yaml");
        await Bun.write(policy, POLICY);
        const audit = await netns.run(
          [SOCKEYE, "audit", "--own-netns", "--policy", policy, "--json"],
        );
        const { results } = JSON.parse(new TextDecoder().decode(audit.stdout));
        expect(results).toMatchObject([{ verdict: "wrong_owner" }]);
        expect(audit.status).toBe(1);
      } finally {
        // Whatever it has started is in its session.
        Bun.spawnSync(["pkill", "-KILL", "-s", String(server.pid)]);
        await server.exited;
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 120_000);
}
