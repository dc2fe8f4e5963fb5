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

testIf(
  reason,
  "explain does not take the package of a path for that of another file",
  async () => {
    await using netns = await Namespace.create();
    const folder = mkdtempSync(join(tmpdir(), "sockeye-strange-"));
    try {
      chmodSync(folder, 0o755);
      const own = join(folder, "python");
      copyFileSync(realpathSync(PYTHON!), own);
      chmodSync(own, 0o755);
      const program =
        "import socket; s = socket.create_server(('127.0.0.1', 9100)); print(flush=True); input()";
      const strange = `mount --bind ${own} /usr/bin/env && exec /usr/bin/env -c "${program}"`;
      const server = Bun.spawn(
        netns.command([...user, "unshare", "-Urm", "sh", "-c", strange]),
        { stdin: "pipe", stdout: "pipe" },
      );
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
      } finally {
        server.kill();
        await server.exited;
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
