import { expect, test } from "bun:test";
import { join } from "node:path";
import { asleep } from "../support/asleep.ts";

const source = `
import { Connection, NETLINK_ROUTE } from "${join(import.meta.dir, "../../src/netlink/mod.ts")}";
const connection = new Connection(NETLINK_ROUTE);
console.log("waiting");
connection.receive();
`;

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends a process that waits in recvmmsg",
  async (signal) => {
    const child = Bun.spawn([process.execPath, "-e", source], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const reader = child.stdout.getReader();
    await reader.read();
    await asleep(child.pid);
    child.kill(signal);
    // Nothing else would end it, since no message comes.
    await child.exited;
    expect(child.signalCode).toBe(signal);
  },
);
