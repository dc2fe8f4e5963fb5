/**
 * Names beyond ASCII that an administrator gave: of a network namespace, and of an interface in it.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { firstLine } from "../support/lines.ts";
import { pythonReason } from "../support/factory.ts";
import { namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { type JsonSnapshot, sockeye } from "../support/sockeye.ts";
import { ssReason } from "../support/ss.ts";

const ipReason = Bun.which("ip") === null ? "there is no ip program" : null;
const reason = firstReason(namespaceReason(), pythonReason(), ipReason);
const NETNS = `straße-${process.pid}`;
const INTERFACE = "straß0";

/** Listens on the interface alone, then waits for the end of its input. */
const SCRIPT = `
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, "${INTERFACE}".encode())
listener.bind(("10.9.8.7", 4455))
listener.listen()
print("ready", flush=True)
sys.stdin.read()
`;

function ip(...words: string[]): void {
  const run = Bun.spawnSync(["ip", ...words], { stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(`ip ${words.join(" ")}: ${run.stderr}`);
}

describe("names beyond ASCII", () => {
  let owner: Bun.Subprocess<"pipe", "pipe", "inherit"> | undefined;

  beforeAll(async () => {
    if (reason !== null) return;
    ip("netns", "add", NETNS);
    ip("-n", NETNS, "link", "add", INTERFACE, "type", "veth", "peer", "name", "other");
    ip("-n", NETNS, "address", "add", "10.9.8.7/24", "dev", INTERFACE);
    ip("-n", NETNS, "link", "set", INTERFACE, "up");
    owner = Bun.spawn(["ip", "netns", "exec", NETNS, "python3", "-c", SCRIPT], {
      stdin: "pipe",
      stdout: "pipe",
    });
    expect(await firstLine(owner.stdout)).toStartWith("ready");
  });
  afterAll(async () => {
    if (reason !== null) return;
    owner?.stdin.end();
    await owner?.exited;
    ip("netns", "del", NETNS);
  });

  testIf(reason, "the namespace and the interface have their names", () => {
    const { stdout, stderr } = sockeye(["--netns", NETNS, "-t"]);
    expect(stderr).not.toContain(NETNS);
    expect(stdout).toContain(`10.9.8.7%${INTERFACE}:4455`);
    expect(sockeye(["--all-netns", "-t"]).stdout).toContain(`${NETNS}  `);
    const { sockets }: JsonSnapshot = JSON.parse(
      sockeye(["--netns", NETNS, "-t", "--json"]).stdout,
    );
    expect(sockets.map(({ local }) => local.interface)).toEqual([INTERFACE]);
  });

  testIf(firstReason(reason, ssReason()), "ss mode prints the bytes that ss prints", () => {
    const inside = (...command: string[]) =>
      Bun.spawnSync(["ip", "netns", "exec", NETNS, ...command]).stdout.toString();
    const { stdout } = sockeye(["ss", "-N", NETNS, "-tlnH"]);
    expect(stdout).toContain(`10.9.8.7%${INTERFACE}:4455`);
    expect(stdout).toBe(inside("ss", "-tlnH"));
  });
});
