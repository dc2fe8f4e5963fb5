import { expect, test } from "bun:test";
import { join } from "node:path";

const source = `
import { Connection, NETLINK_ROUTE } from "${join(import.meta.dir, "../../src/netlink/mod.ts")}";
const connection = new Connection(NETLINK_ROUTE);
console.log("waiting");
connection.receive();
`;

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends a process that waits in recvmmsg at once",
  async (signal) => {
    const child = Bun.spawn([process.execPath, "-e", source], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const reader = child.stdout.getReader();
    await reader.read();
    await Bun.sleep(100);
    child.kill(signal);
    const ended = await Promise.race([
      child.exited.then(() => true),
      Bun.sleep(3000).then(() => false),
    ]);
    if (!ended) child.kill("SIGKILL");
    expect(ended).toBe(true);
    expect(child.signalCode).toBe(signal);
  },
);
