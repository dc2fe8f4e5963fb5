/**
 * More netlink sockets than fit into one chunk of a dump: the kernel's dump loses some of them at the seams.
 */
import { describe, expect } from "bun:test";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye, validSnapshot } from "../support/sockeye.ts";

const MADE = 900;

const SCRIPT = `
import socket, sys
made = []
for _ in range(${MADE}):
    one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    one.bind((0, 0))
    made.append(one)
print(*sorted(one.getsockname()[0] for one in made), flush=True)
sys.stdin.read()
`;

describe("netlink sockets", () => {
  testIf(
    firstReason(namespaceReason(), pythonReason()),
    "are told without exception, each once, however the dump is cut into chunks",
    async () => {
      await using netns = await Namespace.create();
      const child = Bun.spawn(netns.command(["python3", "-c", SCRIPT]), {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "inherit",
      });
      try {
        let said = "";
        for await (const bytes of child.stdout) {
          said += new TextDecoder().decode(bytes);
          if (said.endsWith("\n")) break;
        }
        const made = said.trim().split(" ").map(Number);
        expect(made).toHaveLength(MADE);
        const ran = sockeye(["-a", "--netlink", "--json", "-v"], { netns });
        const snapshot = validSnapshot(JSON.parse(ran.stdout));
        const told = snapshot.sockets.flatMap(({ local }) => {
          const { protocol, port_id: portId } = local as unknown as {
            protocol: string;
            port_id: number;
          };
          return protocol === "route" && portId !== 0 ? [portId] : [];
        });
        expect(told.sort((a, b) => a - b)).toEqual(made.sort((a, b) => a - b));
      } finally {
        child.stdin.end();
        await child.exited;
      }
    },
  );
});
