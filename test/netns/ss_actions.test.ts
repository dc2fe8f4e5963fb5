/**
 * What ss mode does to sockets and namespaces, and the states that the host's ss does not know.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE, sockeye } from "../support/sockeye.ts";

const reason = firstReason(pythonReason(), namespaceReason());
const unprivileged = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

describe("ss mode", () => {
  let netns: Namespace;
  const made: Made[] = [];
  const ss = (...args: string[]) => sockeye(["ss", ...args], { netns });
  const make = async (name: string) => {
    const factory = await makeSocket(name, {}, { netns });
    if (factory.skip !== null) throw new Error(`${name}: ${factory.skip}`);
    made.push(factory);
    return factory.info.sockets;
  };
  const named = "sockeye-ss-test";

  beforeAll(async () => {
    if (reason === null) netns = await Namespace.create(named);
  });
  afterAll(async () => {
    for (const factory of made) await factory.stop();
    if (reason === null) await netns[Symbol.asyncDispose]();
  });

  testIf(
    reason,
    "-N looks into a namespace by its name, and ends with 1 where there is none",
    async () => {
      const [socket] = await make("tcp_listen");
      const port = String(socket!.local!.port);
      expect(sockeye(["ss", "-N", named, "-Htln"]).stdout).toContain(`:${port} `);
      expect(sockeye(["ss", "-N", "no-such-namespace", "-t"]).status).toBe(1);
    },
  );

  testIf(reason, "-D writes what TCPDIAG_FILE reads", () => {
    const folder = mkdtempSync(join(tmpdir(), "sockeye-dump-"));
    try {
      const file = join(folder, "dump");
      expect(ss("-ta4", "-D", file)).toEqual({ stdout: "", stderr: "", status: 0 });
      const direct = ss("-Htna4").stdout;
      expect(direct).not.toBe("");
      expect(sockeye(["ss", "-Htna4"], { netns, env: { TCPDIAG_FILE: file } }).stdout).toBe(direct);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  testIf(reason, "-E shows a socket when it ends", async () => {
    const pair = await makeSocket("tcp_pair", {}, { netns });
    if (pair.skip !== null) throw new Error(pair.skip);
    const child = Bun.spawn(netns.command([SOCKEYE, "ss", "-HtnE"]), { stdout: "pipe" });
    try {
      // Nothing tells when it listens, so sockets end until it has seen one.
      const reader = child.stdout.getReader();
      const line = reader.read();
      let seen: Awaited<typeof line> | undefined;
      line.then((read) => seen = read);
      await pair.stop();
      for (let attempt = 0; attempt < 500 && seen === undefined; attempt++) {
        const other = await makeSocket("tcp_pair", {}, { netns });
        await other.stop();
        await Bun.sleep(50);
      }
      expect(new TextDecoder().decode(seen?.value)).toMatch(
        /^\S+ +-?\d+ +-?\d+ +127\.0\.0\.1:\d+ +\S+:/,
      );
    } finally {
      child.kill();
      await child.exited;
    }
  }, 400_000);

  testIf(reason, "-E of what has no events ends with 255", () => {
    expect(ss("-xE").status).toBe(255);
  });

  testIf(reason, "-K closes what it shows, and shows nothing that it did not close", async () => {
    const [socket] = await make("tcp_listen");
    const filter = ["sport", "=", String(socket!.local!.port)];
    const denied = sockeye(["ss", "-HKtln", ...filter], { netns, before: unprivileged });
    expect(denied.stdout).toBe("");
    expect(denied.stderr).not.toBe("");
    expect(denied.status).toBe(0);
    expect(ss("-Htln", ...filter).stdout).not.toBe("");
    expect(ss("-HxK").stdout).toBe("");
    const closed = ss("-HKtln", ...filter);
    // A kernel without CONFIG_INET_DIAG_DESTROY closes nothing, and then nothing is shown.
    const left = ss("-Htln", ...filter).stdout;
    expect(left === "").toBe(closed.stdout !== "");
    expect(closed.status).toBe(0);
  });

  testIf(reason, "-B shows sockets that are only bound, and -t shows them as well", async () => {
    const [socket] = await make("bound_inactive");
    const row = new RegExp(`^UNCONN 0 +0 +\\S+:${socket!.local!.port} +\\S+:\\*`, "m");
    expect(ss("-HtnB").stdout).toMatch(/^0 +0 +\S+:\d+/m);
    expect(ss("-Htn").stdout).toMatch(row);
    expect(ss("-Htnl").stdout).not.toMatch(row);
  });

  testIf(reason, "half-open connections come with -a and, since 6.8, without", async () => {
    await make("syn_recv");
    expect(ss("-Htna").stdout).toContain("SYN-RECV");
    expect(ss("-Htn").stdout).toContain("SYN-RECV");
  });
});
