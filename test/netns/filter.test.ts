/**
 * Filters of the listing on the real kernel: what comes with a filter is what a filter-less listing holds of it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { firstLine } from "../support/lines.ts";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason, testIf } from "../support/skip.ts";
import { type JsonSocket, snapshot, sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

/** A marked listener on 4001, one bound to lo on 4002, and a connection to 4003. Ends with its standard input. */
const SCENE = `
import socket, sys
marked = socket.socket(); marked.setsockopt(socket.SOL_SOCKET, 36, 0x25)
marked.bind(("127.0.0.1", 4001)); marked.listen()
device = socket.socket(); device.setsockopt(socket.SOL_SOCKET, 25, b"lo")
device.bind(("0.0.0.0", 4002)); device.listen()
server = socket.create_server(("127.0.0.1", 4003))
client = socket.create_connection(("127.0.0.1", 4003)); accepted, _ = server.accept()
six = socket.create_server(("::", 4004), family=socket.AF_INET6, dualstack_ipv6=True)
mapped = socket.create_connection(("127.0.0.1", 4004)); six_accepted, _ = six.accept()
bound = socket.socket(); bound.bind(("127.0.0.1", 4005))
print("up", flush=True)
sys.stdin.read()
`;

/** Expressions, and what each means of a row of the JSON. */
const CASES: Readonly<Record<string, (socket: JsonSocket) => boolean>> = {
  "sport = 4001": ({ local }) => local.port === 4001,
  "dport 4003": ({ peer }) => peer?.port === 4003,
  "port 4003": ({ local, peer }) => local.port === 4003 || peer?.port === 4003,
  "sport = 4001,4003-4004 and state listen": ({ local, state }) =>
    state === "listen" && [4001, 4003, 4004].includes(local.port),
  "not sport >= 4003 and state = listen": ({ local, state }) =>
    state === "listen" && local.port < 4003,
  "state established or sport 4002": ({ local, state }) =>
    state === "established" || local.port === 4002,
  "state = bound_inactive": ({ state }) => state === "bound_inactive",
  "sport 4005": ({ local }) => local.port === 4005,
  "dst 127.0.0.0/8": ({ peer }) =>
    peer !== null && peer.address.replace("::ffff:", "").startsWith("127."),
  "family inet6": ({ family }) => family === "inet6",
  "transport udp": ({ transport }) => transport === "udp",
  "dev lo": ({ local }) => local.interface === "lo",
  "process python3*": ({ owners }) => owners.some(({ comm }) => comm?.startsWith("python3")),
  "owners = 1": ({ owners }) => owners.length === 1,
  "reach loopback and state listen": ({ reach, state }) =>
    reach.scope === "loopback" && state === "listen",
  "owners > 5 or sport 4002": ({ local }) => local.port === 4002,
  "sport = 4999": () => false,
};

const mine = ({ transport, state, local, peer, inode }: JsonSocket) =>
  `${transport} ${state} ${local.address} ${local.port} ${peer?.address} ${peer?.port} ${inode}`;

describeIf(reason, "a filter", () => {
  let netns: Namespace;
  let scene: Bun.Subprocess<"pipe", "pipe", "inherit">;
  let all: readonly JsonSocket[];

  beforeAll(async () => {
    netns = await Namespace.create();
    scene = Bun.spawn(netns.command(["python3", "-c", SCENE]), { stdin: "pipe", stdout: "pipe" });
    await firstLine(scene.stdout);
    all = snapshot(["-a"], netns).sockets;
  });

  afterAll(async () => {
    scene.stdin.end();
    await scene.exited;
    await netns.stop();
  });

  for (const [expression, meaning] of Object.entries(CASES)) {
    test(`selects what it says: ${expression}`, () => {
      const wanted = all.filter(meaning).map(mine);
      if (expression !== "sport = 4999" && expression !== "transport udp") {
        expect(wanted.length).toBeGreaterThan(0);
      }
      expect(snapshot(["-a", expression], netns).sockets.map(mine)).toEqual(wanted);
      // As several words, and by a flag.
      const words = expression.split(" ");
      expect(snapshot(["-a", ...words], netns).sockets.map(mine)).toEqual(wanted);
      expect(snapshot(["-a", "--filter", expression], netns).sockets.map(mine)).toEqual(wanted);
    });
  }

  test("tells marks from each other, also where owners decide as well", () => {
    const ports = (filter: string) =>
      snapshot(["-a", filter], netns).sockets.map(({ local }) => local.port);
    expect(ports("fwmark 0x25")).toEqual([4001]);
    expect(ports("fwmark 0x20/0x20")).toEqual([4001]);
    expect(ports("fwmark 0x24")).toEqual([]);
    expect(ports("state listen and (fwmark 0x25 or process nobody-is-called-so)")).toEqual([4001]);
  });

  test("without a state looks at servers only, and with one at all states", () => {
    const states = (...args: string[]) =>
      new Set(snapshot(args, netns).sockets.map(({ state }) => state));
    expect(states("port 4003")).toEqual(new Set(["listen"]));
    expect(states("port 4003 and state established,listen")).toEqual(
      new Set(["listen", "established"]),
    );
    expect(states("-l", "state established")).toEqual(new Set());
  });

  test("goes together with --port and with a second filter", () => {
    const args = ["-a", "--port", "4001-4003", "state listen or state established"];
    const both = snapshot([...args, "--filter", "not sport 4002"], netns).sockets;
    const wanted = all.filter(({ local, state }) =>
      [4001, 4003].includes(local.port) && (state === "listen" || state === "established")
    );
    expect(both.map(mine)).toEqual(wanted.map(mine));
  });

  test("is tested here where the kernel refuses its program, and says that marks are missing", () => {
    const ran = sockeye(["-a", "--json", "--tcp", "fwmark 0x25 or sport 4002"], {
      before: netns.command(["setpriv", "--reuid=65534", "--clear-groups"]),
    });
    expect(ran.status).toBe(0);
    const { sockets, gaps } = JSON.parse(ran.stdout);
    expect(sockets.map(({ local }: JsonSocket) => local.port)).toEqual([4002]);
    expect(gaps.filter(({ kind }: { kind: string }) => kind === "marks")).toHaveLength(1);
  });

  test("that nothing passes looks at no process, and so misses none", () => {
    const ran = sockeye(["-a", "-t", "-v", "--json", "sport = 4999"], {
      before: netns.command(["setpriv", "--reuid=65534", "--clear-groups"]),
    });
    expect(JSON.parse(ran.stdout)).toMatchObject({ complete: true, sockets: [] });
    expect(ran.stderr).not.toContain("owners:");
  });

  test("gives the same in all namespaces as in one", () => {
    const found = snapshot(["--netns", String(netns.pid), "-a", "port 4003"]).sockets;
    expect(found.map(mine)).toEqual(
      all.filter(({ local, peer }) => local.port === 4003 || peer?.port === 4003).map(mine),
    );
  });
});

describe("a filter that cannot be read", () => {
  test("ends with status 2 and points at the word", () => {
    const ran = sockeye(["sport = 22 and prcess nginx"]);
    expect(ran.status).toBe(2);
    expect(ran.stdout).toBe("");
    const [message, expression, carets] = ran.stderr.split("\n");
    expect(message).toContain('"prcess" is not a field, did you mean process?');
    expect(expression).toBe("  sport = 22 and prcess nginx");
    expect(carets).toStartWith("                 ^^^^^^");
  });

  test("tells a word that is neither command nor field from a filter", () => {
    const ran = sockeye(["frobnicate"]);
    expect([ran.status, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toContain(
      '"frobnicate" is no command, and nothing that can be seen here has this name',
    );
  });

  test("does not steer the terminal", () => {
    expect(sockeye(["sport = \x1b[31m"]).stderr).not.toContain("\x1b");
  });
});

describe("--explain-filter", () => {
  test("shows the tree, the bytecode and what is left, and lists nothing", () => {
    const ran = sockeye(["--explain-filter", "sport = 443 and process nginx"]);
    expect([ran.status, ran.stderr]).toEqual([0, ""]);
    expect(ran.stdout).toContain("    sport = 443\n    process = nginx\n");
    expect(ran.stdout).toContain("0  s_cond      port 443, accept, else reject\n");
    expect(ran.stdout).toContain("once owners and reach are known:\n  process = nginx\n");
    expect(ran.stdout).not.toContain("OWNERS");
  });

  test("takes --port for a part of the filter", () => {
    const { stdout } = sockeye(["--explain-filter", "--port", "22,80-90"]);
    expect(stdout).toContain("Filter:\n  sport = 22,80-90\n");
    expect(stdout).toContain("s_ge        port 80");
  });
});

testIf(reason, "sockeye --help names every field of a filter", () => {
  const { stdout } = sockeye(["help", "filters"]);
  for (const field of ["sport", "fwmark", "cgroup", "process", "reach", "owners"]) {
    expect(stdout).toMatch(new RegExp(`^  ${field}\\b.*  [A-Z]`, "m"));
  }
});

testIf(reason, "a factory's listener is found by its owner's ID", async () => {
  await using netns = await Namespace.create();
  await using made = await makeSocket("tcp_listen", {}, { netns });
  if (made.skip !== null) throw new Error(made.skip);
  const [socket] = made.info.sockets;
  const found = snapshot([`pid ${socket!.owners[0]!.pid}`], netns).sockets;
  expect(found.map(({ inode }) => inode)).toEqual([socket!.inode]);
});

test("names of hosts, services and netlink protocols are understood, those that the listing shows too", () => {
  const { status, stdout } = sockeye([
    "--explain-filter",
    "dst localhost:ssh or src netlink:route:kernel or src netlink:rtnl:7",
  ]);
  expect(status).toBe(0);
  expect(stdout).toContain("    src = netlink:0:0\n    src = netlink:0:7\n");
});
