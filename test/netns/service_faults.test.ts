/**
 * What is wrong with a service, made for real: lost datagrams, overflowing queues, connections that nobody closes.
 */
import { expect, test } from "bun:test";
import { pythonReason } from "../support/factory.ts";
import { firstLine } from "../support/lines.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason } from "../support/skip.ts";
import { expectValid, sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

// deno-lint-ignore no-explicit-any -- the tests say what is in there.
type Json = any;

async function withScene(
  code: string,
  check: (
    ask: (target: string) => { subject: Json; text: string },
    pid: number,
    netns: Namespace,
  ) => void,
) {
  await using netns = await Namespace.create();
  const scene = Bun.spawn(
    netns.command(["python3", "-c", `${code}\nprint("up", flush=True)\nsys.stdin.read()`]),
    {
      stdin: "pipe",
      stdout: "pipe",
    },
  );
  try {
    await firstLine(scene.stdout);
    check(
      (target) => {
        const json = JSON.parse(sockeye(["explain", target, "--json"], { netns }).stdout);
        expectValid(json);
        const [subject] = json.explanations[0].subjects;
        return { subject, text: sockeye(["explain", target], { netns }).stdout };
      },
      scene.pid,
      netns,
    );
  } finally {
    scene.stdin.end();
    await scene.exited;
  }
}

describeIf(reason, "a service with a fault", () => {
  test("tells datagrams that were dropped, and a receive buffer that is full", async () => {
    await withScene(
      `
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096); server.bind(("127.0.0.1", 5353))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(300): client.sendto(b"x" * 100, ("127.0.0.1", 5353))
`,
      (ask) => {
        const { subject, text } = ask("udp:5353");
        const [dropped, full] = subject.faults;
        expect(dropped.kind).toBe("datagrams_dropped");
        expect(dropped.count).toBeGreaterThan(100);
        expect(dropped.count).toBeLessThan(300);
        expect(full.kind).toBe("receive_buffer_full");
        expect(full.bytes).toBeGreaterThanOrEqual(0.9 * full.limit);
        expect(text).toContain(`${dropped.count} datagrams dropped before they were read`);
        expect(text).toContain("the receive buffer is full");
        const { sockets: [socket] } = subject;
        expect(socket.drops).toBe(dropped.count);
        expect(socket.receive_buffer).toEqual({ length: full.bytes, limit: full.limit });
      },
    );
  });

  test("is a finding of an audit where datagrams are lost, and was none before", async () => {
    await withScene(
      `
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096); server.bind(("127.0.0.1", 5353))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def send():
    for i in range(300): client.sendto(b"x" * 100, ("127.0.0.1", 5353))
quiet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); quiet.bind(("127.0.0.1", 5354))
send()
server.setblocking(False)
try:
    while True: server.recv(200)
except BlockingIOError: pass
`,
      (_ask, _pid, netns) => {
        const audit = (args: readonly string[], stdin?: string) => {
          const options = stdin === undefined ? { netns } : { stdin };
          const report = JSON.parse(sockeye(["audit", "--json", ...args], options).stdout);
          expectValid(report);
          return {
            found: report.results.filter(({ rule }: Json) => rule === "advice/datagram-drops"),
            undecided: report.undecided.map(({ rule }: Json) => rule),
          };
        };
        const { found: [finding, ...others], undecided } = audit(["--own-netns"]);
        expect(others).toEqual([]);
        expect(undecided).not.toContain("advice/datagram-drops");
        expect(finding).toMatchObject({ severity: "medium", endpoint: "udp 127.0.0.1:5353" });
        expect(finding.evidence[0]).toMatch(/^2\d\d datagrams dropped since the socket was made$/);
        // The same from a file, and of a file without the fields nothing is said.
        const { stdout } = sockeye(["snapshot", "--own-netns"], { netns });
        const snapshot = JSON.parse(stdout);
        expectValid(snapshot);
        const ofFile = (document: Json) => audit(["--snapshot", "-"], JSON.stringify(document));
        expect(ofFile(snapshot).found).toHaveLength(1);
        for (const socket of snapshot.sockets) {
          delete socket.drops;
          delete socket.receive_buffer;
        }
        const old = ofFile(snapshot);
        expect(old.found).toEqual([]);
        expect(old.undecided).toContain("advice/datagram-drops");
      },
    );
  });

  test("tells that accept queues overflowed, as what it is: of all listeners together", async () => {
    await withScene(
      `
import socket, sys
server = socket.socket(); server.bind(("127.0.0.1", 8080)); server.listen(1)
keep = []
for i in range(6):
    client = socket.socket(); client.setblocking(False); keep.append(client)
    client.connect_ex(("127.0.0.1", 8080))
`,
      (ask) => {
        const { subject, text } = ask("8080");
        const [fault] = subject.faults;
        expect(fault.kind).toBe("listen_overflows");
        expect(fault.count).toBeGreaterThan(0);
        expect(text).toContain(
          "since it began, those of all its listeners together (ListenOverflows)",
        );
        expect(text).toContain(", full: ");
      },
    );
  });

  test("tells sockets that its process never closed, which are in no table, and none where all are", async () => {
    // Connections that the peer reset: neither bound nor connected any more.
    const scene = (clients: string) => `
import socket, struct, sys
server = socket.create_server(("127.0.0.1", 8080), backlog=50)
other = socket.create_server(("127.0.0.1", 9000), backlog=50)
kept = []
for i in range(12):
    client = socket.create_connection(("127.0.0.1", 9000)); kept.append(client)
    accepted, _ = other.accept(); kept.append(accepted)
${clients}
`;
    const reset = `
for client in kept[::2]:
    accepted = kept[kept.index(client) + 1]
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); accepted.close()
`;
    await withScene(scene(reset), (ask, pid) => {
      const { subject, text } = ask("8080");
      expect(subject.faults).toEqual([
        { kind: "leaked", count: 12, protocols: ["TCP"], pids: [pid] },
      ]);
      expect(text).toContain(
        `python3 (${pid}) has 12 open sockets that are neither bound nor connected (TCP): nobody closed them`,
      );
    });
    await withScene(scene(""), (ask) => expect(ask("8080").subject.faults).toEqual([]));
  });

  test("tells connections that its process does not close, and when others are over", async () => {
    await withScene(
      `
import socket, sys
server = socket.create_server(("127.0.0.1", 8080), backlog=50)
kept = []
for i in range(12):
    client = socket.create_connection(("127.0.0.1", 8080)); kept.append(server.accept()[0]); client.close()
client = socket.create_connection(("127.0.0.1", 8080)); accepted, _ = server.accept()
accepted.close(); client.recv(1); client.close()
`,
      (ask, pid) => {
        const { subject, text } = ask("8080");
        expect(subject.faults).toMatchObject([{ kind: "close_wait", count: 12, pids: [pid] }]);
        expect(subject.faults[0].silent_ms).toBeNumber();
        expect(text).toContain(
          `12 in close-wait: the peer has closed, and python3 (${pid}) has not; nothing received for up to`,
        );
        const [first, last] = subject.connections.time_wait_ends_ms;
        expect(first).toBe(last);
        expect(last).toBeLessThanOrEqual(61_000);
        expect(text).toMatch(/1 in time-wait: .*; over in \d+ s/);
      },
    );
  });

  test("has none where all is well", async () => {
    await withScene(
      `
import socket, sys
server = socket.create_server(("127.0.0.1", 8080))
client = socket.create_connection(("127.0.0.1", 8080)); accepted, _ = server.accept()
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); datagrams.bind(("127.0.0.1", 5353))
`,
      (ask) => {
        const { subject, text } = ask("8080");
        expect(subject.faults).toEqual([]);
        expect(text).not.toContain("Faults");
        expect(ask("udp:5353").subject.faults).toEqual([]);
      },
    );
  });
});
