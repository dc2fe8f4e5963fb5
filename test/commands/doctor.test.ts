/**
 * The checkup: what is read from mounts, and what the built program says as root and as nobody.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { cgroupVersion, hidepidOf, moduleAdvice } from "../../src/commands/doctor/examine.ts";
import { parseMountinfo } from "../../src/proc/mountinfo.ts";
import { expectValid, SOCKEYE, sockeye } from "../support/sockeye.ts";
import { testIf } from "../support/skip.ts";

const PROC = "22 1 0:21 / /proc rw,nosuid - proc proc rw";

const hidepid = (mountinfo: string) => hidepidOf(parseMountinfo(mountinfo));

describe("mounts", () => {
  test("hidepid is read from the last mount at /proc, in numbers and in words", () => {
    expect(hidepid(PROC)).toBeNull();
    expect(hidepid(`${PROC},hidepid=2`)).toBe("2");
    expect(hidepid(`${PROC},hidepid=invisible,gid=4`)).toBe("invisible");
    expect(hidepid(`${PROC},hidepid=off`)).toBeNull();
    expect(hidepid(`${PROC},hidepid=2\n23 22 0:22 / /proc rw - proc proc rw`)).toBeNull();
    expect(hidepid("30 1 0:9 / /mnt/proc rw - proc proc rw,hidepid=2")).toBeNull();
  });

  test("the version of cgroups is told", () => {
    const v1 = "30 29 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
    const v2 = "31 29 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
    expect([v1, v2, `${v1}\n${v2}`, ""].map((text) => cgroupVersion(parseMountinfo(text)))).toEqual(
      ["v1", "v2", "hybrid", null],
    );
  });
});

describe("modules", () => {
  const INSTALLED = "kernel/net/ipv4/raw_diag.ko.zst: kernel/net/ipv4/inet_diag.ko.zst\n" +
    "kernel/net/vmw_vsock/vsock_diag.ko: kernel/net/vmw_vsock/vsock.ko\n";

  test("are advised where this kernel has them, and nothing where it has not", () => {
    expect(moduleAdvice(["raw_diag", "vsock_diag", "xsk_diag"], "6.1", INSTALLED))
      .toEqual(["As root: modprobe -a raw_diag vsock_diag"]);
    expect(moduleAdvice(["xsk_diag"], "6.1", INSTALLED)).toEqual([]);
    const tipc = "kernel/net/tipc/diag.ko: kernel/net/tipc/tipc.ko\n";
    expect(moduleAdvice(["tipc_diag", "diag"], "6.1", tipc)).toEqual(["As root: modprobe diag"]);
    expect(moduleAdvice([], "6.1", null)).toEqual([]);
  });

  test("are not said to be missing where the list of them could not be read", () => {
    expect(moduleAdvice(["raw_diag"], "6.1", undefined)).toEqual([
      "As root: modprobe raw_diag, if this kernel has them",
    ]);
  });

  test("are a matter of the host where none are installed", () => {
    expect(moduleAdvice(["raw_diag"], "6.1", null)[0]).toContain("On the host");
  });
});

describe("sockeye doctor", () => {
  // deno-lint-ignore no-explicit-any -- the tests say what is in there.
  type Json = any;
  const json = (...before: string[]): Json => {
    const { stdout, status } = sockeye(["doctor", "--json"], { before });
    expect(status).toBe(0);
    return JSON.parse(stdout);
  };

  test("asks every table, and each has a source or a reason", () => {
    const { tables, schema } = json();
    expect(schema).toBe("sockeye.checkup/1");
    const tcp = tables.find(({ label }: Json) => label === "tcp over IPv4");
    expect(["netlink", "proc"]).toContain(tcp.source);
    for (const { source, reason } of tables) {
      expect(reason === null).toBe(source === "netlink");
    }
  });

  test("knows our own namespace, and that it can be entered", () => {
    const own = json().namespaces.filter(({ own }: Json) => own);
    expect(own.length).toBe(1);
    expect(own[0].enterable).toBe(true);
  });

  const unprivileged = Bun.which("setpriv") !== null && process.getuid?.() === 0
    ? null
    : "setpriv as root is needed";

  testIf(unprivileged, "tells an ordinary user what root would see", () => {
    const document = json("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
    expect(document.user.uid).toBe(65534);
    expect(document.capabilities.every(({ held }: Json) => held === false)).toBe(true);
    expect(document.processes.denied).toBeGreaterThan(0);
    expect(document.bpf.usable).toBe(false);
    expect(document.advice.join("\n")).toContain("Run as root");
  });

  test("tells of the kernel what the listing and watch then use", () => {
    const document = json();
    expectValid(document);
    const { features, bpf } = document;
    const of = (wanted: string) => features.filter(({ group }: Json) => group === wanted);
    expect(of("calls").length).toBeGreaterThan(7);
    expect(of("firewall")).toHaveLength(1);
    const [owners] = of("owners");
    expect([owners.usable, owners.reason]).toEqual([bpf.usable, bpf.reason]);
    const rung = of("watch").find(({ name, usable }: Json) => usable && !name.startsWith("sockeye"))
      ?.name;
    const ran = Bun.spawnSync([SOCKEYE, "watch", "--json", "--for", "0.1s"], { stdin: "ignore" });
    const header = JSON.parse(ran.stdout.toString().split("\n")[0]!);
    const rungs: Record<string, string> = {
      "hooks and tracepoints": "all",
      "tracepoints alone": "tracepoints",
      "hooks alone": "cgroup",
      "samples of tracepoints": "perf",
    };
    if (rung === undefined) expect(["destroy", "scan"]).toContain(header.rung);
    else expect(header.rung).toBe(rungs[rung]!);
  });

  test("has lines for a person", () => {
    const { stdout, status } = sockeye(["doctor"]);
    expect(status).toBe(0);
    for (const label of ["Host", "Capabilities", "Sockets", "Namespaces", "To see more"]) {
      expect(stdout).toContain(`\n${label}`.slice(label === "Host" ? 1 : 0));
    }
  });

  test("takes no argument", () => {
    expect(sockeye(["doctor", "x"]).status).toBe(2);
  });
});
