/**
 * Ports that the kernel hands out by itself, used up for real: what is said is what connect(2) and bind(2) say.
 */
import { expect, test } from "bun:test";
import { pythonReason } from "../support/factory.ts";
import { firstLine } from "../support/lines.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason } from "../support/skip.ts";
import { expectValid, sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

/** Ten ports, of which one is reserved. Prints what the kernel says once all are taken. */
const SCENE = `
import socket, sys
server = socket.create_server(("127.0.0.1", 9000), backlog=50)
keep = []
def take(connected):
    client = socket.socket()
    try:
        if connected: client.connect(("127.0.0.1", 9000))
        else: client.bind(("127.0.0.1", 0))
    except OSError as error:
        return error.errno
    keep.append(client)
    return 0
bound, connected = int(sys.argv[1]), int(sys.argv[2])
for i in range(bound): assert take(False) == 0
for i in range(connected): assert take(True) == 0
print(take(True), take(False), flush=True)
sys.stdin.read()
`;

async function withTaken(
  bound: number,
  connected: number,
  check: (netns: Namespace, pid: number, said: string) => void,
) {
  await using netns = await Namespace.create();
  await netns.output(["sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40009"]);
  await netns.output(["sysctl", "-qw", "net.ipv4.ip_local_reserved_ports=40003"]);
  const scene = Bun.spawn(
    netns.command(["python3", "-c", SCENE, String(bound), String(connected)]),
    { stdin: "pipe", stdout: "pipe" },
  );
  try {
    check(netns, scene.pid, await firstLine(scene.stdout));
  } finally {
    scene.stdin.end();
    await scene.exited;
  }
}

describeIf(reason, "ephemeral ports", () => {
  test("that are used up are told with who has them, and to where", async () => {
    await withTaken(3, 6, (netns, pid, said) => {
      // EADDRNOTAVAIL and EADDRINUSE.
      expect(said).toBe("99 98");
      const ran = sockeye(["explain", "--ephemeral"], { netns });
      expect(ran.status).toBe(1);
      expect(ran.stdout).toContain("ephemeral ports 40000 to 40009");
      expect(ran.stdout).toContain("9 that the kernel hands out, 1 more reserved");
      expect(ran.stdout).toContain("tcp 127.0.0.1  9 of 9");
      expect(ran.stdout).toContain(
        `6 of 9 taken to 127.0.0.1:9000, 6 of them by python3 (${pid})`,
      );
      expect(ran.stdout).toContain("3 of 9 taken by sockets that are bound only");
      const json = JSON.parse(sockeye(["explain", "--ephemeral", "--json"], { netns }).stdout);
      expectValid(json);
      expect(json.ephemeral).toMatchObject({ range: [40000, 40009], size: 9, taken: 9 });
      expect(json.ephemeral.uses[0].destinations).toEqual([
        {
          peer: { address: "127.0.0.1", port: 9000 },
          ports: 6,
          shares: [{ pid, ports: 6 }],
        },
        { peer: null, ports: 3, shares: [{ pid, ports: 3 }] },
      ]);
      const bind = sockeye(["explain", "--bind", "127.0.0.1:0"], { netns });
      expect(bind.status).toBe(1);
      expect(bind.stdout).toStartWith(
        `tcp 127.0.0.1:0  no free port  9 of 9 ports of 127.0.0.1 taken, by python3 (${pid}): ` +
          "6 to 127.0.0.1:9000, 3 bound only\n",
      );
      expect(bind.stdout).toContain(
        "tcp 127.0.0.1:0 has no free port (EADDRINUSE)",
      );
      // Another address has them all.
      expect(sockeye(["explain", "--bind", "127.0.0.2:0"], { netns }).status).toBe(0);
    });
  });

  test("that are left are counted, and the answer is yes", async () => {
    await withTaken(0, 2, (netns, pid, said) => {
      expect(said).toBe("0 0");
      const ran = sockeye(["explain", "--ephemeral"], { netns });
      expect(ran.status).toBe(0);
      expect(ran.stdout).toContain("tcp 127.0.0.1  4 of 9");
      expect(ran.stdout).toContain(`3 of them by python3 (${pid})`);
      const bind = sockeye(["explain", "--bind", "127.0.0.1:0", "--json"], { netns });
      expect(bind.status).toBe(0);
      const { binds: [{ verdict, port, ephemeral }] } = JSON.parse(bind.stdout);
      expect([verdict, port, ephemeral.taken, ephemeral.size]).toEqual(["free", 0, 4, 9]);
    });
  });

  test("are asked about in one namespace, and for no target", () => {
    for (const more of [["8080"], ["--bind", ":0"], ["--all-netns"]]) {
      expect(sockeye(["explain", "--ephemeral", ...more]).status).toBe(2);
    }
    expect(sockeye(["explain", "0"]).status).toBe(2);
  });
});
