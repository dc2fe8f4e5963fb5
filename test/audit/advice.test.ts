import { describe, expect, test } from "bun:test";
import { advise, RULES } from "../../src/audit/advice/mod.ts";
import type { SocketDocument } from "../../src/snapshot/document.ts";
import { owner, snapshot, socket } from "./documents.ts";

/** Findings as `rule severity endpoint`, without the prefix. */
function found(...sockets: SocketDocument[]): string[] {
  return advise(snapshot(sockets), null, null).results.map(({ rule, severity, endpoint }) =>
    `${rule.replace("advice/", "")} ${severity} ${endpoint}`
  );
}
const unix = (local: SocketDocument["local"], uid = 0) =>
  socket("", 0, {
    family: "unix",
    transport: "stream",
    state: "listen",
    local,
    owners: [owner({ uid })],
  });

describe("a fact that a rule needs and nobody could find out leaves the rule undecided", () => {
  const undecided = (...sockets: SocketDocument[]) =>
    advise(snapshot(sockets), null, null).undecided.map(({ rule, because }) =>
      `${rule.replace("advice/", "")}: ${because.join()}`
    );

  test("how full a queue is", () => {
    const waiting = (queue: SocketDocument["accept_queue"]) =>
      undecided(socket("0.0.0.0", 80, { accept_queue: queue }));
    const unknown = ["accept-queue: the length of the accept queue of tcp 0.0.0.0:80 is not known"];
    expect(waiting(null)).toEqual(unknown);
    expect(waiting({ length: 3, limit: null })).toEqual(unknown);
    // Nobody waits, however many may.
    expect(waiting({ length: 0, limit: null })).toEqual([]);
    expect(waiting({ length: 1, limit: 128 })).toEqual([]);
  });

  test("how many datagrams were dropped, and how full a receive buffer is", () => {
    const about = (parts: Partial<SocketDocument>) =>
      undecided(socket("0.0.0.0", 514, { transport: "udp", ...parts }));
    const unknown = ["datagram-drops: how much udp 0.0.0.0:514 drops is not known"];
    const { receive_buffer: _buffer, drops: _drops, ...old } = socket("0.0.0.0", 514, {
      transport: "udp",
    });
    // A snapshot of an earlier version, without the fields.
    expect(undecided(old)).toEqual(unknown);
    expect(about({ drops: null })).toEqual(unknown);
    expect(about({ receive_buffer: null })).toEqual(unknown);
    // What /proc tells: not how much there may be.
    expect(about({ receive_buffer: { length: 768, limit: null } })).toEqual(unknown);
    expect(about({ receive_buffer: { length: 0, limit: null } })).toEqual([]);
    expect(undecided(socket("0.0.0.0", 80, { drops: null }))).toEqual([]);
  });

  test("which program an owner runs", () => {
    const unread = owner({ pid: 7, comm: "x", exe: null, unread: { exe: "EIO" } });
    expect(undecided(socket("0.0.0.0", 80, { owners: [unread] }))).toEqual([
      "inherited-listener: the program of x(7) is not known",
      "deleted-program: the program of x(7) is not known",
    ]);
  });

  test("who may connect to a unix socket of root", () => {
    const about = (local: SocketDocument["local"], uid = 0) =>
      undecided({ ...unix(local, uid), accept_queue: { length: 0, limit: 5 } });
    expect(about({ path: "/run/a.sock" })).toEqual([
      "open-unix-socket: who may connect to /run/a.sock is not known",
    ]);
    expect(about({ path: "/run/a.sock" }, 1000)).toEqual([]);
    expect(about({ path: "/run/a.sock", host_path: null })).toEqual([]);
    expect(about({ path: "/run/a.sock", open_to_others: false })).toEqual([]);
  });
});

describe("advise()", () => {
  test("has nothing to say of an ordinary web server", () => {
    expect(found(socket("0.0.0.0", 80), socket("::", 443))).toEqual([]);
  });

  test("tells databases and ways to administer beyond loopback, by port and by program", () => {
    expect(found(socket("0.0.0.0", 6379))).toEqual(["exposed-service critical tcp 0.0.0.0:6379"]);
    expect(found(socket("10.0.0.1", 5432))).toEqual(["exposed-service medium tcp 10.0.0.1:5432"]);
    expect(found(socket("127.0.0.1", 6379))).toEqual([]);
    expect(found(socket("0.0.0.0", 11211, { transport: "udp" }))).toHaveLength(1);
    expect(found(socket("0.0.0.0", 6379, { transport: "udp" }))).toEqual([]);
    const postgres = [owner({ exe: "/usr/lib/postgresql/15/bin/postgres" })];
    expect(found(socket("0.0.0.0", 7777, { owners: postgres }))).toEqual([
      "exposed-service high tcp 0.0.0.0:7777",
    ]);
  });

  test("ports that the kernel picked for one program are one finding, the gravest, which names the others", () => {
    const owners = [owner({ exe: "/usr/lib/postgresql/15/bin/postgres" })];
    const on = (port: number, scope: "private" | "public") =>
      socket("0.0.0.0", port, { owners, reach: { scope, reasons: [] } });
    const sockets = [on(40001, "private"), on(40002, "public"), on(40003, "private")];
    const results = advise(snapshot(sockets), null, null).results
      .filter(({ rule }) => rule === "advice/exposed-service");
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ severity: "high", endpoint: "tcp 0.0.0.0:40002" });
    expect(results[0]!.evidence.at(-1)).toBe(
      "the same goes for tcp 0.0.0.0:40001, tcp 0.0.0.0:40003",
    );
  });

  test("tells UDP sockets that lost many datagrams, and graver those whose buffer is full", () => {
    const about = (drops: number, length: number) =>
      found(
        socket("0.0.0.0", 514, {
          transport: "udp",
          drops,
          receive_buffer: { length, limit: 1000 },
        }),
      );
    expect(about(99, 0)).toEqual([]);
    expect(about(100, 0)).toEqual(["datagram-drops medium udp 0.0.0.0:514"]);
    expect(about(0, 899)).toEqual([]);
    expect(about(0, 900)).toEqual(["datagram-drops high udp 0.0.0.0:514"]);
  });

  test("tells a listener that an unrelated child inherited, and not a worker or an activated service", () => {
    const with2 = (parent: object, child: object) =>
      found(
        socket("0.0.0.0", 80, {
          owners: [owner({ pid: 10, ...parent }), owner({ pid: 11, ppid: 10, ...child })],
        }),
      );
    expect(with2({}, { exe: "/bin/sh", comm: "sh" })).toEqual([
      "inherited-listener medium tcp 0.0.0.0:80",
    ]);
    expect(with2({}, {})).toEqual([]);
    expect(with2({ comm: "systemd", exe: "/usr/lib/systemd/systemd" }, {})).toEqual([]);
    expect(with2({}, { ppid: 4, exe: "/bin/sh" })).toEqual([]);
  });

  test("tells of a thousand heirs of one parent once, and of another program by itself", () => {
    const heirs = Array.from(
      { length: 1000 },
      (_, i) => owner({ pid: 100 + i, ppid: 10, comm: "sh", exe: "/bin/sh" }),
    );
    const nc = owner({ pid: 5000, ppid: 10, comm: "nc", exe: "/bin/nc" });
    const listener = socket("0.0.0.0", 80, { owners: [owner({ pid: 10 }), ...heirs, nc] });
    const [result, ...others] = advise(snapshot([listener]), null, null).results;
    expect(others).toEqual([]);
    expect(result!.message).toBe(
      "sh(100), nc(5000), sh(101), sh(102), sh(103) and 996 more inherited the socket of nginx(10)",
    );
    expect(result!.evidence.filter((line) => line.includes(" run"))).toEqual([
      "sh(100), sh(101), sh(102), sh(103), sh(104) and 995 more run /bin/sh, their parent nginx(10) runs /usr/sbin/nginx",
      "nc(5000) runs /bin/nc, its parent nginx(10) runs /usr/sbin/nginx",
    ]);
  });

  test("tells a program file that was deleted, and more of one in a folder for everybody", () => {
    const deleted = (exe: string) =>
      found(socket("0.0.0.0", 80, { owners: [owner({ exe, exe_deleted: true })] }));
    expect(deleted("/usr/sbin/nginx")).toEqual(["deleted-program medium tcp 0.0.0.0:80"]);
    expect(deleted("/tmp/x")).toEqual(["deleted-program high tcp 0.0.0.0:80"]);
    expect(deleted("/memfd:x")).toEqual(["deleted-program high tcp 0.0.0.0:80"]);
  });

  test("tells unix sockets of root that everybody may connect to", () => {
    expect(found(unix({ path: "/run/app.sock", mode: "0666", open_to_others: true }))).toEqual([
      "open-unix-socket medium unix-stream /run/app.sock",
    ]);
    expect(found(unix({ path: "/run/app.sock", mode: "0660", open_to_others: false }))).toEqual([]);
    expect(found(unix({ path: "/run/app.sock" }))).toEqual([]);
    expect(found(unix({ path: "/run/app.sock", mode: "0666", open_to_others: true }, 33))).toEqual(
      [],
    );
    expect(found(unix({ path: "/run/dbus/system_bus_socket", mode: "0666", open_to_others: true })))
      .toEqual([]);
    expect(found(unix({ name: "control" }))).toEqual(["open-unix-socket low unix-stream @control"]);
  });

  test("tells packet and raw sockets of unexpected programs", () => {
    const packet = (exe: string) =>
      found(socket("", 0, {
        family: "packet",
        transport: "packet",
        state: "close",
        local: { ethertype: 3, interface: null },
        owners: [owner({ exe })],
      }));
    expect(packet("/usr/bin/tcpdump")).toEqual(["packet-socket high packet ethertype=3"]);
    expect(packet("/usr/sbin/dhclient")).toEqual([]);
    expect(found(socket("0.0.0.0", 1, { transport: "raw", protocol: 1 }))).toEqual([
      "packet-socket medium raw 0.0.0.0:1",
    ]);
  });

  test("tells accept queues that are full or nearly so", () => {
    const queue = (length: number, limit: number | null) =>
      found(socket("0.0.0.0", 80, { accept_queue: { length, limit } }));
    expect(queue(129, 128)).toEqual(["accept-queue high tcp 0.0.0.0:80"]);
    expect(queue(110, 128)).toEqual(["accept-queue medium tcp 0.0.0.0:80"]);
    expect(queue(64, 128)).toEqual([]);
    expect(queue(1, 1)).toEqual([]);
    expect(queue(2, 1)).toEqual(["accept-queue high tcp 0.0.0.0:80"]);
    expect(queue(5, null)).toEqual([]);
  });

  test("tells listeners in the ephemeral range, and not UDP clients there", () => {
    expect(found(socket("0.0.0.0", 40000))).toEqual(["ephemeral-listener low tcp 0.0.0.0:40000"]);
    expect(found(socket("0.0.0.0", 40000, { transport: "udp" }))).toEqual([]);
  });

  test("tells one port with another program over IPv6", () => {
    const six = (exe: string) => socket("::", 80, { v6only: true, owners: [owner({ exe })] });
    expect(found(socket("0.0.0.0", 80), six("/usr/bin/other"))).toEqual([
      "split-port medium tcp [::]:80",
    ]);
    expect(found(socket("0.0.0.0", 80), six("/usr/sbin/nginx"))).toEqual([]);
    const elsewhere = { ...six("/usr/bin/other"), netns: { inode: 2, name: null } };
    expect(found(socket("0.0.0.0", 80), elsewhere)).toEqual([]);
  });

  test("tells what one source shows and another does not", () => {
    const { results } = advise(
      snapshot([]),
      {
        discrepancies: [
          { kind: "only_proc_net", endpoint: "tcp 0.0.0.0:31337", inode: 5, detail: "" },
        ],
        gaps: [],
      },
      "critical",
    );
    expect(results[0]).toMatchObject({
      rule: "advice/hidden-socket",
      severity: "critical",
      netns: null,
    });
  });

  test("a rule that could not look everywhere is undecided, and so is the audit", () => {
    const hidden = [{ kind: "processes", reason: "3 processes could not be read", denied: 3 }];
    const report = advise(
      snapshot([socket("10.0.0.1", 80), unix({ name: "x" }, 33)], hidden),
      null,
      "medium",
    );
    expect(report.outcome).toBe("undecidable");
    expect(report.undecided.map(({ rule }) => rule.replace("advice/", ""))).toEqual([
      "exposed-service",
      "inherited-listener",
      "deleted-program",
      "open-unix-socket",
      "split-port",
    ]);
    expect(report.undecided[0]!.because).toEqual(["3 processes could not be read"]);
    // A finding is certain, whatever else could not be seen.
    const found = advise(snapshot([socket("0.0.0.0", 6379)], hidden), null, "medium");
    expect(found.outcome).toBe("violation");
    // What no rule could fail on decides nothing.
    const open = snapshot([socket("10.0.0.1", 80)], hidden);
    expect(advise(open, null, "critical").outcome).toBe("undecidable");
    expect(advise(open, null, null).outcome).toBe("compliant");
    // Without a service there is nothing that an unseen process could hold.
    expect(advise(snapshot([], hidden), null, "medium").outcome).toBe("compliant");
    const queue = [{ kind: "table", reason: "closed", table: "unix" }];
    expect(advise(snapshot([], queue), null, "critical").outcome).toBe("compliant");
  });

  test("without a live host the sources are not compared, and a comparison that failed is undecided", () => {
    const ids = (report: ReturnType<typeof advise>) => report.rules.map(({ id }) => id);
    expect(ids(advise(snapshot([]), null, "medium"))).not.toContain("advice/hidden-socket");
    const gaps = [{ kind: "table", reason: "tcp closed", table: "tcp over IPv4" }];
    const report = advise(snapshot([]), { discrepancies: [], gaps }, "critical");
    expect(report.outcome).toBe("undecidable");
    expect(report.undecided.map(({ rule }) => rule)).toEqual(["advice/hidden-socket"]);
  });

  test("tells a listener that no process holds, and more of one that a user made", () => {
    expect(found(socket("0.0.0.0", 2050, { ownership: "kernel", owners: [] }))).toEqual([
      "unheld-listener low tcp 0.0.0.0:2050",
    ]);
    expect(found(socket("0.0.0.0", 2050, { ownership: "kernel", owners: [], uid: 1000 }))).toEqual([
      "unheld-listener high tcp 0.0.0.0:2050",
    ]);
    expect(found(socket("0.0.0.0", 2050, { ownership: "hidden", owners: [] }))).toEqual([]);
  });

  test("fails from a severity on, or never", () => {
    const outcome = (failOn: Parameters<typeof advise>[2]) =>
      advise(snapshot([socket("10.0.0.1", 5432)]), null, failOn).outcome;
    expect([outcome("low"), outcome("medium"), outcome("high"), outcome(null)]).toEqual([
      "violation",
      "violation",
      "compliant",
      "compliant",
    ]);
  });

  test("every finding has evidence and a fix, and an ID that does not change", () => {
    const sockets = [
      socket("0.0.0.0", 6379, { accept_queue: { length: 9, limit: 1 } }),
      socket("0.0.0.0", 40000, { owners: [owner({ exe_deleted: true })] }),
      unix({ name: "x" }),
    ];
    const once = advise(snapshot(sockets), null, null).results;
    const again = advise(snapshot(sockets.toReversed()), null, null).results;
    expect(once.length).toBe(5);
    for (const { evidence, fix, message } of once) {
      expect(evidence.length).toBeGreaterThan(0);
      expect(fix.length).toBeGreaterThan(20);
      expect(message).not.toBe("");
    }
    expect(again).toEqual(once);
    expect(new Set(once.map(({ id }) => id)).size).toBe(5);
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  });
});
