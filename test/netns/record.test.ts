/**
 * Recordings of real namespaces: a replay is the run again, and holds no secret; a damaged one does no harm.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeRecording, encodeRecording } from "../../src/snapshot/recording/format.ts";
import { Replayer } from "../../src/snapshot/recording/replayer.ts";
import { takeSnapshot } from "../../src/snapshot/own_netns_snapshot.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { FAMILIES, TRANSPORTS } from "../../src/model/socket.ts";
import { ALL_STATES } from "../../src/model/state.ts";
import { writeJson } from "../../src/views/json.ts";
import { Writer } from "../../src/text/writer.ts";
import { firstLine } from "../support/lines.ts";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason } from "../support/skip.ts";
import { sockeye, validSnapshot } from "../support/sockeye.ts";
import { runs } from "../support/runs.ts";

const reason = firstReason(namespaceReason(), pythonReason());

const KEY = "a-secret-that-nobody-may-see";

const SCENE = `
import os, socket, struct, sys, tempfile
server = socket.create_server(("127.0.0.1", 4003))
client = socket.create_connection(("127.0.0.1", 4003)); accepted, _ = server.accept()
device = socket.socket(); device.setsockopt(socket.SOL_SOCKET, 25, b"lo"); device.bind(("0.0.0.0", 4002)); device.listen()
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); udp.bind(("::", 4004))
pair = socket.socketpair()
abstract = socket.socket(socket.AF_UNIX); abstract.bind("\\0sockeye-recorded"); abstract.listen()
packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); netlink.bind((0, 1))
signed = socket.socket()
key = "${[...KEY].reverse().join("")}"[::-1].encode()
address = struct.pack("<H", 2) + bytes([0, 0, 127, 0, 0, 9]) + bytes(120)
try:
    signed.setsockopt(6, 14, address + struct.pack("<BBHi", 0, 0, len(key), 0) + key.ljust(80, b"\\0"))
    signed.bind(("127.0.0.1", 4005)); signed.listen()
except OSError: pass
print("up", flush=True)
sys.stdin.read()
`;

describeIf(reason, "a recording", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-record-"));
  let count = 0;
  let netns: Namespace;
  let scene: Bun.Subprocess<"pipe", "pipe", "inherit">;

  const file = () => join(folder, String(++count));
  const record = (args: readonly string[], path = file()) => {
    const ran = sockeye([...args, "--record", path], { netns });
    return { ...ran, path };
  };
  // Not in the namespace: what is asked of this machine would be another answer.
  const replay = (path: string, args: readonly string[]) => sockeye([...args, "--replay", path]);

  beforeAll(async () => {
    netns = await Namespace.create();
    scene = Bun.spawn(netns.command(["python3", "-c", SCENE]), { stdin: "pipe", stdout: "pipe" });
    await firstLine(scene.stdout);
  });

  afterAll(async () => {
    scene.stdin.end();
    await scene.exited;
    await netns.stop();
    rmSync(folder, { recursive: true });
  });

  const every = ["-a", "-t", "-u", "-w", "-M", "-S", "-x", "--packet", "--netlink", "--vsock"];
  for (
    const args of [
      ["--json"],
      ["-a", "--json"],
      ["-a", "--info", "--ndjson"],
      [...every, "--info", "--json"],
      ["-a", "sport 4003 and process python3*", "--json"],
      ["-a", "reach loopback", "--json"],
      ["-ai"],
    ]
  ) {
    test(`is replayed to the same bytes: ${args.join(" ")}`, () => {
      const live = record(args);
      expect(live.status).toBe(0);
      const again = replay(live.path, args);
      expect(again.stdout === live.stdout).toBe(true);
      expect([again.status, again.stderr]).toEqual([live.status, live.stderr]);
      if (args.includes("--json")) {
        const { sockets } = validSnapshot(JSON.parse(live.stdout));
        expect(sockets.length).toBeGreaterThan(0);
      }
    });
  }

  test("goes over namespaces as well", () => {
    for (const where of [["--all-netns"], ["--netns", String(netns.pid)]]) {
      const path = file();
      const args = [...where, "-a", "-t", "port 4003", "--json"];
      const live = sockeye([...args, "--record", path]);
      expect(live.stdout).toContain('"port":4003');
      const again = replay(path, args);
      expect(again.stdout === live.stdout).toBe(true);
      expect(again.stderr).toBe(live.stderr);
    }
  });

  test("of everything answers narrower questions", () => {
    const { path } = record([...every, "--info", "--json"]);
    const json = (args: string[]) => JSON.parse(replay(path, [...args, "--json"]).stdout);
    const ports = (args: string[]) =>
      json(args).sockets.map(({ local }: { local: { port: number } }) => local.port);
    expect(ports(["-t", "sport 4002"])).toEqual([4002]);
    expect(ports(["-a", "dport 4003"])).toHaveLength(1);
    expect(ports(["-u"])).toEqual([4004]);
    expect(json(["-t"]).complete).toBe(json(["-a", "-t"]).complete);
  });

  test("says what it was not made for, and never that there is nothing", () => {
    const { path } = record(["-t"]);
    const again = replay(path, ["-a", "-u", "--json"]);
    const { complete, gaps } = JSON.parse(again.stdout);
    expect(complete).toBe(false);
    expect(gaps.some(({ kind }: { kind: string }) => kind === "table")).toBe(true);
  });

  test("is a new file for its owner alone", () => {
    const { path } = record(["-t"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = readFileSync(path);
    const second = record(["-t"], path);
    expect([second.status, second.stdout]).toEqual([2, ""]);
    expect(second.stderr).toContain("overwrite nothing");
    expect(readFileSync(path)).toEqual(before);
    const link = file();
    symlinkSync(join(folder, "elsewhere"), link);
    expect(record(["-t"], link).status).toBe(2);
    expect(existsSync(join(folder, "elsewhere"))).toBe(false);
  });

  test("holds no key of a TCP MD5 signature", () => {
    const { path } = record(["-a", "-i"]);
    const text = readFileSync(path, "utf8");
    expect(text.includes(KEY)).toBe(false);
    let datagrams = 0;
    for (const entry of decodeRecording(text).entries) {
      if (entry.kind !== "reply") continue;
      for (const { bytes } of entry.datagrams) {
        datagrams++;
        expect(Buffer.from(bytes).includes(KEY)).toBe(false);
      }
    }
    expect(datagrams).toBeGreaterThan(0);
  });

  test("that is none ends with status 2 and says why", () => {
    const path = file();
    for (const text of ["", "hello\n", '{"format":"sockeye.recording","version":1}\n', "\xff"]) {
      writeFileSync(path, text, "latin1");
      const ran = replay(path, []);
      expect([ran.status, ran.stdout]).toEqual([2, ""]);
      expect(ran.stderr).toStartWith(`sockeye: --replay ${path}: `);
    }
    expect(replay(join(folder, "missing"), []).stderr).toContain("no such file");
    expect(sockeye(["--record", "a", "--replay", "b"]).status).toBe(2);
    // What has no end is not read to it.
    const endless = replay("/dev/zero", []);
    expect(endless.status).toBe(2);
    expect(endless.stderr).toContain("it is larger than");
    const sparse = file();
    writeFileSync(sparse, "{");
    truncateSync(sparse, 2 ** 40);
    expect(replay(sparse, []).stderr).toContain("larger than");
  });

  test("that was tampered with gives an answer or a DecodeError, and nothing else", () => {
    const { path } = record([...every, "--info", "--json"]);
    const recording = decodeRecording(readFileSync(path, "utf8"));
    const lines = [...encodeRecording(recording)];
    const sink = { writeBytes: () => {} } as unknown as Writer;
    const replies = recording.entries.flatMap((entry, i) => entry.kind === "reply" ? [i + 1] : []);
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...replies), fc.nat(lines.length - 1)),
        fc.nat(),
        fc.stringMatching(/^[A-Za-z0-9+/]{1,8}$/),
        (line, place, text) => {
          const changed = [...lines];
          const old = lines[line]!;
          // Into the base64 behind the names, where there is any.
          const from = Math.max(0, old.lastIndexOf('["') + 2);
          const at = from + place % Math.max(1, old.length - from);
          changed[line] = old.slice(0, at) + text + old.slice(at + text.length);
          try {
            const access = new Replayer(decodeRecording(changed.join("")));
            const { root, users } = access;
            const query = {
              families: new Set(FAMILIES),
              transports: new Set(TRANSPORTS),
              states: ALL_STATES,
              ports: null,
              pids: null,
              processes: null,
              users: null,
              info: true,
            };
            writeJson(takeSnapshot(query, new Diagnostics(), { root, users, access }), sink);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
      runs(300),
    );
  }, 400_000);
});
