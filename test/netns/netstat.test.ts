/**
 * netstat side by side with the host's, in a namespace of every kind of socket, byte for byte.
 *
 * Only the seconds of running timers are masked: they run on between the two.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, skipPart, testIf } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

/** The bytes are those of one version: another one may have its own. */
function netstatReason(): string | null {
  if (Bun.which("netstat") === null) return "there is no netstat program";
  const version = Bun.spawnSync(["netstat", "--version"]).stdout.toString().split("\n")[0]!;
  return version === "net-tools 2.10" ? null : `netstat is of ${version}`;
}

const reason = firstReason(netstatReason(), pythonReason(), namespaceReason());

/** Situations whose rows stay the same while the test runs. */
const SITUATIONS: readonly (readonly [string, Record<string, string | number>])[] = [
  ["tcp_listen", { port: 22 }],
  ["tcp_listen", { address: "127.0.0.53", port: 53 }],
  ["tcp_listen6_v6only", { port: 443 }],
  ["tcp_listen_dual", { port: 8080 }],
  ["tcp_listen6_v6only", { address: "fd00:1234:5678:9abc:def0:1234:5678:9abc", port: 65000 }],
  ["tcp_listen", { port: 7000 }],
  ["tcp_pair", {}],
  ["tcp6_pair", {}],
  ["tcp_mapped_pair", {}],
  ["unaccepted", {}],
  ["syn_sent", {}],
  ["queues", {}],
  ["bound_inactive", {}],
  ["forked_listener", {}],
  ["many_owners", { owners: 5 }],
  ["reuseport", {}],
  ["zombie_leader", {}],
  ["private_table_thread", {}],
  ["scm_rights", {}],
  ["fin_wait_close_wait", {}],
  ["closing", {}],
  ["udp_bound", { port: 514 }],
  ["udp6_bound", { port: 123 }],
  ["udp_connected", {}],
  ["udplite", {}],
  ["raw", {}],
  ["raw6", {}],
  ["unix_stream", {}],
  ["unix_dgram", {}],
  ["unix_seqpacket", {}],
  ["unix_abstract", {}],
  ["unix_socketpair", {}],
];

const ARGUMENT_LISTS = [
  "-tlnp",
  "-tulpn",
  "-plant",
  "-an",
  "-neopa",
  "-plunt",
  "-anp",
  "-tan",
  "-tn",
  "-tunapl",
  "-lx",
  "-x",
  "-xan",
  "-xap",
  "-xlp",
  "-xeo",
  "-nlp",
  "-nU",
  "-Uan",
  "-Uanpeo",
  "-nw",
  "-lnw",
  "-wanpeo",
  "-un",
  "-uan",
  "-uln",
  "-uanpeo",
  "--tcp --listening --numeric",
  "--udp -a -n",
  "--unix -p",
  "-A inet -an",
  "-A inet6 -an",
  "-A inet,unix -an",
  "-A unix -a",
  "--protocol=inet6 -ln",
  "-4 -an",
  "-6 -an",
  "-46an",
  "--inet -an",
  "--inet6 -ln",
  "-tW -an",
  "-ano",
  "-ane",
  "-anee",
  "-tlneo",
  "-tlneo6",
  "-anWe",
  "-lnoe",
  "-npeo",
  "-vtn",
  "-vnx",
  "-t --numeric-hosts -a",
  "-a --numeric-ports",
  "-ae --numeric-users",
  "-ae",
  "-ta",
  "-ua",
  "-wa",
  "-Ua",
  "-ta --numeric-hosts --numeric-ports",
  "-l",
  "-taeW",
  "-N -n",
  "-n -- -t",
  "-n extra words",
  "-Sln",
  "-S6n",
  "-Svn",
  "-vn",
  "-v4n",
  "--ipx",
  "-x --ipx",
  "-A foo",
  "-A inet,foo",
  "-Y",
  "--list --num",
  "--numeric-p -l",
  "--tcp=3",
  "-A",
  "-sr",
  "-s -x",
  "-s46",
  "-s",
  "-st",
  "-su",
  "-sw",
  "-s6",
  "-s6t",
  "-s6w",
  "-d -tn",
];

/** Seconds of a timer that runs. */
const RUNNING = /(?<= \()\d+\.\d\d(?=\/\d+\/\d+\)$)/gm;

describe("sockeye netstat beside netstat", () => {
  let netns: Namespace;
  const made: Made[] = [];

  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create();
    await netns.output(["ip", "addr", "add", "127.0.0.53/32", "dev", "lo"]);
    const long = "fd00:1234:5678:9abc:def0:1234:5678:9abc/128";
    await netns.output(["ip", "-6", "addr", "add", long, "dev", "lo", "nodad"]).catch(() => {});
    for (const [name, args] of SITUATIONS) {
      const factory = await makeSocket(name, args, { netns });
      if (factory.skip === null) made.push(factory);
      else skipPart(`netstat beside netstat: ${name}`, factory.skip);
    }
  }, 400_000);
  afterAll(async () => {
    for (const factory of made) await factory.stop();
    await netns?.stop();
  }, 400_000);

  function answer(command: readonly string[]) {
    const done = Bun.spawnSync(netns.command(command), {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: process.env.PATH, LC_ALL: "C" },
    });
    return {
      stdout: done.stdout.toString("latin1").replace(RUNNING, "T"),
      errors: done.stderr.length > 0,
      status: done.exitCode,
    };
  }

  for (const list of ARGUMENT_LISTS) {
    testIf(reason, `${list} gives the same bytes and status`, () => {
      const words = list.split(" ");
      // A connection may move on between the two: then both are asked again.
      for (let attempt = 1;; attempt++) {
        const wanted = answer(["netstat", ...words]);
        const got = answer([SOCKEYE, "netstat", ...words]);
        if (attempt < 3 && !Bun.deepEquals(wanted, got)) continue;
        expect(got).toEqual(wanted);
        return;
      }
    });
  }

  test("there are enough argument lists", () => {
    expect(new Set(ARGUMENT_LISTS).size).toBeGreaterThanOrEqual(60);
  });

  testIf(reason, "the rows are there: the comparison is not of empty tables", () => {
    const { stdout } = answer([SOCKEYE, "netstat", "-anp"]);
    for (const word of ["LISTEN ", "ESTABLISHED ", "udp ", "raw ", "tcp6 ", "CLOSING", "ACC"]) {
      expect(stdout).toContain(word);
    }
  });

  testIf(
    firstReason(
      reason,
      process.getuid?.() === 0 ? null : "only root can become another user",
      Bun.which("setpriv") === null ? "there is no setpriv program" : null,
    ),
    "another user is warned in the same words",
    () => {
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
      const run = (command: readonly string[]) =>
        Bun.spawnSync(netns.command([...nobody, ...command]), { stdin: "ignore", stderr: "pipe" });
      const wanted = run(["netstat", "-tlnp"]);
      const got = run([SOCKEYE, "netstat", "-tlnp"]);
      expect(got.stderr.toString()).toBe(wanted.stderr.toString());
      expect(got.stderr.toString()).toMatch(/be root/);
      expect(got.stdout.toString()).toBe(wanted.stdout.toString());
      expect(got.exitCode).toBe(0);
    },
  );

  testIf(reason, "--all-owners shows every holder, and implies -p", () => {
    const forked = made.find(({ info }) => info.factory === "forked_listener")!;
    const [listener] = forked.info.sockets;
    const pids = listener!.owners.map(({ pid }) => pid).sort((a, b) => a - b);
    expect(pids.length).toBeGreaterThan(1);
    const { stdout } = answer([SOCKEYE, "netstat", "-tln", "--all-owners"]);
    const row = stdout.split("\n").find((line) => line.includes(`:${listener!.local!.port} `))!;
    const cell = row.trim().split(/ +/).at(-1)!;
    expect(cell.split(",").map((owner) => parseInt(owner))).toEqual(pids);
  });

  testIf(
    reason,
    "--all-owners finds holders that -p does not: threads with tables of their own",
    () => {
      for (const situation of ["zombie_leader", "private_table_thread"]) {
        const factory = made.find(({ info }) => info.factory === situation)!;
        const socket = factory.info.sockets.find(({ owners }) =>
          owners.some(({ tid }) => tid !== null)
        )!;
        const rowOf = (option: string) =>
          answer([SOCKEYE, "netstat", "-tln", option]).stdout.split("\n")
            .find((line) => line.includes(`:${socket.local!.port} `))!.trim().split(/ +/).at(-1)!;
        expect(rowOf("-p")).toBe("-");
        expect(rowOf("--all-owners")).toStartWith(`${socket.owners[0]!.pid}/`);
      }
    },
  );

  testIf(reason, "-T and --notrim are -W", () => {
    const wide = answer([SOCKEYE, "netstat", "-tlnW"]);
    expect(wide.stdout).toContain("fd00:1234:5678:9abc:def0:1234:5678:9abc:65000");
    expect(answer([SOCKEYE, "netstat", "-tlnT"])).toEqual(wide);
    expect(answer([SOCKEYE, "netstat", "-tln", "--notrim"])).toEqual(wide);
  });

  testIf(reason, "-c begins anew after a second, title and all", async () => {
    const child = Bun.spawn(netns.command([SOCKEYE, "netstat", "-tlnc"]), { stdout: "pipe" });
    const decoder = new TextDecoder();
    let text = "";
    const started = performance.now();
    for await (const part of child.stdout) {
      text += decoder.decode(part, { stream: true });
      if (text.split("Active Internet").length > 2) break;
    }
    const took = performance.now() - started;
    child.kill();
    await child.exited;
    expect(took).toBeGreaterThan(900);
    const [, first, second] = text.split("Active Internet");
    expect(second!.startsWith(first!.slice(0, 60))).toBe(true);
  });
});
