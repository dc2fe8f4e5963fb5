/**
 * `--trace` on real sockets: the request for them and the kernel's reply, and nothing without the flag.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { firstLine } from "../support/lines.ts";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason, skip } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const KEY = "sockeye-trace-key";

/** A listener, another with a signature key, a unix socket. */
const SCENE = `
import socket, struct, sys
server = socket.create_server(("127.0.0.1", 4003))
local = socket.socket(socket.AF_UNIX); local.bind("\\0trace\\x1b[2J"); local.listen()
signed = socket.socket()
key = "${KEY}".encode()
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

describeIf(firstReason(namespaceReason(), pythonReason()), "--trace", () => {
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

  function run(...args: string[]): { out: string; err: string } {
    const { stdout, stderr } = Bun.spawnSync(netns.command([SOCKEYE, ...args]));
    return { out: stdout.toString(), err: stderr.toString() };
  }

  test("shows the request and the reply of a socket, and changes nothing of the answer", () => {
    const plain = run("--tcp", "sport = 4003");
    const traced = run("--trace", "--tcp", "sport = 4003");
    expect(traced.out).toBe(plain.out);
    expect(traced.out).toContain("127.0.0.1:4003");
    expect(plain.err).not.toContain("NLM_F_");
    const lines = traced.err.split("\n");
    const request = lines.findIndex((line) =>
      /^> TCPDIAG_GETSOCK len=\d+ flags=NLM_F_REQUEST\|NLM_F_DUMP seq=\d+ .*family=AF_INET, .* states=0x/
        .test(line)
    );
    const reply = lines.findIndex((line) =>
      /^< TCPDIAG_GETSOCK .*flags=NLM_F_MULTI .*state=TCP_LISTEN.* sport=4003, dport=0, src=127\.0\.0\.1,/
        .test(line)
    );
    expect(request).toBeGreaterThan(0);
    expect(reply).toBeGreaterThan(request);
    expect(lines[0]).toMatch(/^= NETLINK_SOCK_DIAG port_id=\d+$/);
    expect(lines.slice(reply).some((line) => /^< NLMSG_DONE .* error=0$/.test(line))).toBe(true);
  });

  test("no key of a signature stands in it, in hexadecimal or as it is", () => {
    if (md5 !== "md5") skip(md5);
    const { err } = run("--trace", "--tcp", "--info", "--listening");
    expect(err).toMatch(/INET_DIAG_MD5SIG: \(\d+ bytes, not shown\)/);
    expect(err).not.toContain(KEY);
    expect(err).not.toContain(Buffer.from(KEY).toString("hex"));
  });

  test("names of unix sockets do nothing to the terminal", () => {
    const { err } = run("--trace", "--unix");
    expect(err).toContain('UNIX_DIAG_NAME: "\\x00trace\\x1b[2J"');
    expect(err).not.toContain("\x1b");
  });

  for (
    const args of [
      ["explain", "4003", "--trace"],
      ["4003", "--trace"],
      ["snapshot", "--own-netns", "--trace"],
      ["audit", "--own-netns", "--trace"],
      ["doctor", "--trace"],
      ["kill", "--trace", "--yes", "--socket", "sport = 1"],
      ["ss", "-tln", "--trace"],
      ["netstat", "-tln", "--trace"],
      ["lsof", "-nP", "-i", "--trace"],
    ]
  ) {
    test(`is a flag of ${args.join(" ")}`, () => {
      const { err } = run(...args);
      expect(err).toContain("= NETLINK_SOCK_DIAG port_id=");
      expect(err).toContain("> SOCK_DIAG_BY_FAMILY ");
      const without = run(...args.filter((arg) => arg !== "--trace"));
      expect(without.err).not.toContain("SOCK_DIAG_BY_FAMILY");
    });
  }

  test("abbreviations of ss mean what they always did", () => {
    expect(run("ss", "--tr").err).toContain("unrecognized option '--tr'");
  });
});
