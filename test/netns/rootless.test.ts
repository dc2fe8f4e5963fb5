/**
 * The network namespace of a rootless container, asked about by its user: no root is needed to see it.
 */
import { expect } from "bun:test";
import { pythonReason } from "../support/factory.ts";
import { firstLine } from "../support/lines.ts";
import { namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye, validSnapshot } from "../support/sockeye.ts";

const USER = ["setpriv", "--reuid=4321", "--regid=4321", "--clear-groups"];

function userNamespaceReason(): string | null {
  const { exitCode } = Bun.spawnSync([...USER, "unshare", "-Urn", "true"]);
  return exitCode === 0 ? null : "an ordinary user can make no user namespace here";
}

const SERVER = `
import socket, sys
server = socket.create_server(("0.0.0.0", 8080))
client = socket.create_connection(("127.0.0.1", 8080)); accepted, _ = server.accept()
unix = socket.socket(socket.AF_UNIX); unix.bind("\\0rootless"); unix.listen()
print("up", flush=True)
sys.stdin.read()
`;

testIf(
  firstReason(namespaceReason(), pythonReason(), userNamespaceReason()),
  "its user sees a rootless container's sockets and their owners",
  async () => {
    // An ordinary user may not be let into the folder of root's interpreter.
    const python = "/usr/bin/python3";
    const server = Bun.spawn(
      [...USER, "unshare", "-Urn", "sh", "-c", `ip link set lo up; exec ${python} -c "$0"`, SERVER],
      { stdin: "pipe", stdout: "pipe", cwd: "/" },
    );
    try {
      const line = await firstLine(server.stdout);
      expect(line).toBe("up");
      const { pid } = server;
      const ask = (...args: string[]) => sockeye(args, { before: USER, cwd: "/" });
      for (const choice of [["--netns", String(pid)], ["--all-netns", "--port", "8080"]]) {
        const { sockets, gaps } = validSnapshot(JSON.parse(ask(...choice, "-t", "--json").stdout));
        const [listener] = sockets.filter(({ state }) => state === "listen");
        expect(listener!.local).toMatchObject({ address: "0.0.0.0", port: 8080 });
        expect(listener!.owners.map((owner) => owner.pid)).toEqual([pid]);
        // Nothing says that the namespace was not looked into; that its interfaces were not is told.
        const inode = listener!.netns!.inode;
        const own = gaps.filter((gap) => gap.reason.includes(String(inode)));
        expect(own.map(({ kind }) => kind)).toEqual(["interfaces"]);
      }
      const explained = ask("explain", `pid:${pid}`);
      expect(explained.status).toBe(0);
      expect(explained.stdout).toContain("tcp 0.0.0.0:8080  listen");
      expect(explained.stdout).toContain("unix stream @rootless");
      expect(explained.stdout).not.toContain("was not read");
      // Nobody needs root for that, and what is to be done next works where the socket is.
      expect(explained.stderr).not.toContain("run as root");
      expect(explained.stdout).toContain(`sockeye kill tcp/8080 --netns ${pid}`);
      // The other user's is none of ours.
      const stranger = sockeye(["--netns", String(pid), "-t"], {
        before: ["setpriv", "--reuid=4322", "--regid=4322", "--clear-groups"],
        cwd: "/",
      });
      expect(stranger.stdout).not.toContain("8080");
      expect(stranger.stderr).toContain("permission denied");
      // The process that names the namespace ends, and the namespace with it.
      const killed = ask("kill", "8080", "--netns", String(pid), "--yes");
      expect(killed.stdout).toContain(`python3 (${pid}): ended`);
      expect(killed.stderr).not.toContain("There is no process");
      expect([0, 3]).toContain(killed.status);
    } finally {
      server.stdin.end();
      await server.exited;
    }
  },
);
