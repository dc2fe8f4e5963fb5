/** The table that scripts/kernels prints of its results. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../scripts/kernels.ts", import.meta.url));

/** A result as a guest leaves it. */
const result = (kernel: string, more: object = {}) => ({
  kernel,
  doctor: {
    btf: { usable: true },
    bpf: { usable: true, reason: null },
    cgroup: "v2",
    tables: [{ label: "tcp over IPv4", source: "netlink" }, { label: "xdp", source: "none" }],
  },
  missing: {},
  calls: { openat2: true },
  owners: { bpf: 5, proc: 5, agree: true },
  comparisons: [{ list: "-tan", rows: 3, equal: true }],
  ...more,
});

function table(...results: object[]): { text: string; status: number } {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-kernels-test-"));
  try {
    const files = results.map((one, at) => {
      const file = join(folder, `${at}.json`);
      writeFileSync(file, JSON.stringify(one));
      return file;
    });
    const ran = Bun.spawnSync([process.execPath, SCRIPT, ...files], { stdin: "ignore" });
    return { text: ran.stdout.toString(), status: ran.exitCode };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a column for each kernel, a row for each capability", () => {
  const { text, status } = table(
    result("5.16.0"),
    result("4.19.0", {
      calls: { openat2: false },
      owners: { bpf: null, proc: 5, agree: true },
      missing: { dccp: "no such protocol" },
    }),
  );
  expect(status).toBe(0);
  const cells = text.split("\n").map((line) =>
    line.split("|").map((cell) => cell.trim()).slice(1, -1)
  );
  expect(cells).toContainEqual(["", "5.16.0", "4.19.0"]);
  expect(cells).toContainEqual(["tcp over IPv4", "netlink", "netlink"]);
  expect(cells).toContainEqual(["xdp", "not readable", "not readable"]);
  expect(cells).toContainEqual(["openat2()", "yes", "no"]);
  expect(cells).toContainEqual(["owners by BPF and by /proc", "the same", "/proc alone"]);
  expect(cells).toContainEqual(["`ss -tan`", "3 rows, equal", "3 rows, equal"]);
  expect(text).toContain("4.19.0: not made: dccp: no such protocol\n");
});

test("scenes are rows, and what a guest did not play is left open", () => {
  const scenes = {
    watch: {
      all: { rung: "all", unseen: [], reasons: ["no sock_send_length"], named: ["accept", "send"] },
    },
    firewall: {
      nft: { made: null, status: 0, forwards: [{ address: "10.1.0.2", port: 80 }] },
      "iptables with an ipset": { made: null, status: 3, forwards: [] },
    },
    kinds: ["kernel_tls"],
    ipvs: { made: null, status: 0, forwards: [{ address: "10.1.0.2", port: 80 }] },
    smc: { made: null, rows: [["tcp", "kernel", []]] },
    hidepid: { "2": { status: 3, complete: false, ownership: ["hidden"] } },
    control_groups: { v1: { told: "v1", watch: { broken: "TimeoutExpired" } } },
    tools: { netstat: [{ list: "-tan", rows: 4, equal: true }] },
  };
  const { text, status } = table(result("5.16.0", scenes), result("6.1.0"));
  const cells = text.split("\n").map((line) =>
    line.split("|").map((cell) => cell.trim()).slice(1, -1)
  );
  expect(cells).toContainEqual(["watch by all", "all: accept, send", "-"]);
  expect(cells).toContainEqual(["forward by nft", "told", "-"]);
  expect(cells).toContainEqual(["forward by iptables with an ipset", "undecided", "-"]);
  expect(cells).toContainEqual(["forward by IPVS", "told", "-"]);
  expect(cells).toContainEqual(["listener of SMC", "tcp, kernel", "-"]);
  expect(cells).toContainEqual(["sockets: kernel tls", "made", "-"]);
  expect(cells).toContainEqual(["hidepid=2", "status 3, hidden", "-"]);
  expect(cells).toContainEqual(["`netstat -tan`", "4 rows, equal", "-"]);
  expect(text).toContain("5.16.0: watch by all: no sock_send_length\n");
  // A scene that broke is no success.
  expect(cells).toContainEqual(["cgroup v1", "v1; watch BROKEN", "-"]);
  expect(status).toBe(1);
  const silent = { hidepid: { "2": { status: 0, complete: true, ownership: ["unknown"] } } };
  expect(table(result("6.1.0", silent)).status).toBe(1);
  // A rule that was made and is not told, without a word, is none either.
  const untold = { firewall: { nft: { made: null, status: 0, forwards: [] } } };
  expect(table(result("6.1.0", untold)).status).toBe(1);
});

test("what differs is told, and is the status", () => {
  const different = table(result("6.1.0", {
    comparisons: [{ list: "-tan", rows: 3, equal: false, missing: ["theirs"], extra: ["ours"] }],
  }));
  expect(different.status).toBe(1);
  expect(different.text).toContain("DIFFERENT");
  expect(different.text).toContain("6.1.0: ss -tan\n  - theirs\n  + ours\n");
  const owners = table(result("6.1.0", { owners: { bpf: 4, proc: 5, agree: false } }));
  expect(owners.status).toBe(1);
  expect(owners.text).toContain("DIFFERENT");
});

test("what a kernel of this version should have and has not is a difference", () => {
  const late = table(result("5.11.0", { owners: { bpf: null, proc: 5, agree: true } }));
  expect(late.status).toBe(1);
  expect(late.text).toContain("5.11.0: owners by BPF: no, which should be /^yes$/\n");
  const early = table(result("5.10.0"));
  expect(early.text).toContain("5.10.0: owners by BPF: yes, which should be /^no$/\n");
  const doctor = table(result("6.1.0", {
    doctor: {
      ...result("").doctor,
      features: [{ group: "calls", name: "openat2()", usable: false }],
    },
  }));
  expect(doctor.status).toBe(1);
  expect(doctor.text).toContain("DIFFERENT: yes, doctor says no");
});

test("a guest that was ended before it was through is named", () => {
  const ended = table(result("6.1.0", { steps: { start: 9 } }));
  expect(ended.text).toContain("6.1.0: the guest was ended before it was through\n");
  const whole = table(result("6.1.0", { steps: { start: 9 }, seconds: 120 }));
  expect(whole.text).toContain("6.1.0: 120 s: start 9\n");
  expect(whole.text).not.toContain("ended");
});
