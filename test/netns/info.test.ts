/**
 * `--info` on real sockets: valid against the schema, and without secrets.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import schema from "../../schema/snapshot-1.json";
import { TCP_INFO_FIELDS } from "../../src/families/inet/tcp_info.ts";
import { firstLine } from "../support/lines.ts";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason, skip, testIf } from "../support/skip.ts";
import { type JsonSocket, snapshot, sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

const KEY = "a-secret-that-nobody-may-see";

/** A connection that has carried 4,000 bytes, a listener with a signature key, a pair of unix sockets. */
const SCENE = `
import socket, struct, sys
server = socket.create_server(("127.0.0.1", 4003))
client = socket.create_connection(("127.0.0.1", 4003)); accepted, _ = server.accept()
client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x10)
client.sendall(b"x" * 4000)
got = 0
while got < 4000: got += len(accepted.recv(4000))
pair = socket.socketpair()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", 4004))
signed = socket.socket()
# Backwards, so that it stands in no command line.
key = "${[...KEY].reverse().join("")}"[::-1].encode()
address = struct.pack("<H", 2) + bytes([0, 0, 127, 0, 0, 9]) + bytes(120)
said = "md5"
try:
    signed.setsockopt(6, 14, address + struct.pack("<BBHi", 0, 0, len(key), 0) + key.ljust(80, b"\\0"))
    signed.bind(("127.0.0.1", 4005)); signed.listen()
except OSError as error:
    said = str(error)
print(said, flush=True)
sys.stdin.read()
`;

interface Info {
  readonly info: Readonly<Record<string, number | null>>;
  readonly skmeminfo: Readonly<Record<string, number>>;
  readonly meminfo: Readonly<Record<string, number>>;
  readonly tos: number;
  readonly cong: string;
  readonly md5sig: readonly unknown[];
}
const infoOf = (socket: JsonSocket) => (socket as unknown as { info: Info }).info;

describeIf(reason, "--info", () => {
  let netns: Namespace;
  let scene: Bun.Subprocess<"pipe", "pipe", "inherit">;
  let md5 = "";

  beforeAll(async () => {
    netns = await Namespace.create();
    scene = Bun.spawn(netns.command(["python3", "-c", SCENE]), { stdin: "pipe", stdout: "pipe" });
    const line = await firstLine(scene.stdout);
    md5 = line;
  });

  afterAll(async () => {
    scene.stdin.end();
    await scene.exited;
    await netns.stop();
  });

  test("tells the inside of a TCP connection, with units in the names", () => {
    const sockets = snapshot(["-a", "--tcp", "--info", "dport 4003"], netns).sockets;
    expect(sockets).toHaveLength(1);
    const info = infoOf(sockets[0]!);
    expect(info.info.bytes_sent).toBe(4000);
    // The opening counts as one.
    expect(info.info.bytes_acked).toBe(4001);
    expect(info.info.rtt_us).toBeGreaterThan(0);
    expect(info.info.snd_cwnd).toBeGreaterThan(0);
    expect(info.info.max_pacing_rate_bytes_per_sec).toBeNull();
    expect(info.tos).toBe(0x10);
    expect(info.cong).toMatch(/^\w+$/);
    expect(info.skmeminfo.rcvbuf).toBeGreaterThan(0);
    expect(Object.keys(info.info!)).toContain("delivery_rate_app_limited");
  });

  test("is not there unless it is asked for", () => {
    for (const socket of snapshot(["-a", "--tcp"], netns).sockets) {
      expect(Object.keys(socket)).not.toContain("info");
    }
  });

  test("goes with every family and transport, and with filters", () => {
    const all = snapshot(["-a", "--tcp", "--udp", "-x", "--netlink", "--packet", "--info"], netns);
    expect(all.sockets.filter(({ transport }) => transport === "udp")).not.toBeEmpty();
    const unix = all.sockets.find(({ family }) => family === "unix")!;
    expect(infoOf(unix).meminfo.rcvbuf).toBeGreaterThan(0);
  });

  test("is a line under the socket in text, wrapped on no pipe", () => {
    const { stdout } = sockeye(["-ai", "-t", "dport 4003"], { netns });
    const [, row, info, ...rest] = stdout.trimEnd().split("\n");
    expect(rest).toEqual([]);
    expect(row).toContain("127.0.0.1:4003");
    expect(info).toMatch(
      /^ {4}\w+ .*\brtt:[\d.]+\/[\d.]+ms\b.* cwnd:\d+ .*\bsent:3\.91KB\b.*tos:0x10/,
    );
  });

  testIf(null, "says that a socket is signed and never with which key", () => {
    if (md5 !== "md5") skip(md5);
    for (const format of [["--json"], ["--ndjson"], []]) {
      const { stdout, stderr } = sockeye(["-ai", "-t", ...format], { netns });
      expect((stdout + stderr).includes(KEY)).toBe(false);
      expect(stdout.includes(Buffer.from(KEY).toString("hex"))).toBe(false);
    }
    const [signed] = snapshot(["-i", "sport 4005"], netns).sockets;
    expect(infoOf(signed!).md5sig).toEqual([
      {
        family: 2,
        prefix_length: 32,
        key_length: KEY.length,
        address: `7f000009${"0".repeat(24)}`,
      },
    ]);
  });
});

test("the schema names every field of struct tcp_info that this program reads", () => {
  const named = Object.keys(schema.$defs.tcp_info.properties);
  expect(named).toEqual([
    ...TCP_INFO_FIELDS.map(({ name }) => name),
    "snd_wscale",
    "rcv_wscale",
    "delivery_rate_app_limited",
    "fastopen_client_fail",
    "accecn_fail_mode",
    "accecn_opt_seen",
    "ecn_mode",
    "options2",
  ]);
});
