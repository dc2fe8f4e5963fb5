/**
 * `sockeye explain` on situations that were built for real.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import Ajv2020 from "ajv/dist/2020.js";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import schema from "../../schema/explanation-1.json";
import snapshotSchema from "../../schema/snapshot-1.json";
import { firstLine } from "../support/lines.ts";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { run } from "../support/run.ts";
import { addDnatRule } from "../support/nftables.ts";
import { firstReason, skip, testIf } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const TERMINAL = fileURLToPath(new URL("../support/on_terminal.py", import.meta.url));

const reason = firstReason(namespaceReason(), pythonReason());

/** Leaves one end of a connection from port 8080 in TIME-WAIT, with SO_REUSEADDR. */
const TIME_WAIT_WITH_REUSE = `
import socket
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 8080))
server.listen()
client = socket.create_connection(("127.0.0.1", 8080))
accepted = server.accept()[0]
accepted.close()
client.recv(1)
client.close()
`;

const validate = new Ajv2020({
  allowUnionTypes: true,
  allErrors: true,
  formats: { "date-time": /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
})
  .addSchema(snapshotSchema)
  .compile(schema);

// deno-lint-ignore no-explicit-any -- the tests say what is in there.
type Json = any;

/** Runs it in a namespace and returns status and document. */
async function explain(
  netns: Namespace,
  ...words: string[]
): Promise<{ status: number; json: Json }> {
  const { status, stdout, stderr } = await netns.run([SOCKEYE, "explain", ...words, "--json"]);
  if (stdout.length === 0) throw new Error(stderr);
  const json = JSON.parse(new TextDecoder().decode(stdout));
  validate(json);
  expect(validate.errors ?? []).toEqual([]);
  return { status, json };
}

async function one(netns: Namespace, ...words: string[]): Promise<Json> {
  const { status, json } = await explain(netns, ...words);
  expect(status).toBe(0);
  expect(json.explanations.length).toBe(1);
  expect(json.explanations[0].subjects.length).toBe(1);
  return json.explanations[0].subjects[0];
}

async function withFactory(
  name: string,
  args: Record<string, string | number>,
  check: (netns: Namespace, factory: Made) => Promise<void>,
): Promise<void> {
  await using netns = await Namespace.create();
  await using factory = await makeSocket(name, args, { netns });
  if (factory.skip !== null) throw new Error(factory.skip);
  await check(netns, factory);
}

describe("who", () => {
  testIf(reason, "the seed's story: python3 ran sh, and the consequence is said", async () => {
    await withFactory("inherited_listener", { port: 8080 }, async (netns, { info }) => {
      const subject = await one(netns, "8080");
      const [relations] = subject.relations;
      expect(relations.roots[0].pid).toBe(info.parent);
      expect(relations.roots[0].children[0]).toMatchObject({ pid: info.shell, role: "inherited" });
      expect(relations.consequences).toEqual([
        {
          kind: "port_kept",
          pid: info.parent,
          by: [info.shell, info.child],
          reuse: { address: false, port: false },
        },
      ]);
      const text = await netns.output([SOCKEYE, "8080"]);
      expect(text).toContain(
        `python3 (${info.parent}) cannot be restarted on this port while sh (${info.shell})`,
      );
    });
  });

  testIf(reason, "a master and four workers are a master and four workers", async () => {
    await withFactory("forked_listener", { port: 8081 }, async (netns, { info }) => {
      const subject = await one(netns, "tcp:8081");
      const [root] = subject.relations[0].roots;
      expect(root.pid).toBe(info.pid);
      expect(root.children.map((node: Json) => node.role)).toEqual(Array(4).fill("worker"));
      expect(await netns.output([SOCKEYE, "8081"])).toContain("a master and 4 workers it forked");
    });
  });

  testIf(reason, "the story is that of the real parents, by name and age", async () => {
    // A process that calls itself crond has a shell run the listener.
    const CROND = `
import os, sys
open("/proc/self/comm", "w").write("crond")
if os.fork() == 0:
    import socket
    open("/proc/self/comm", "w").write("job")
    server = socket.create_server(("127.0.0.1", 8095))
    print(os.getpid(), flush=True)
sys.stdin.read()
`;
    await using netns = await Namespace.create();
    const crond = Bun.spawn(netns.command(["python3", "-c", CROND]), {
      stdin: "pipe",
      stdout: "pipe",
    });
    try {
      const line = await firstLine(crond.stdout);
      const pid = Number(line);
      const { stories, usage, next } = await one(netns, "8095");
      const [{ chain, starter }] = stories;
      expect(chain.slice(-3).map((link: Json) => link.pid)).toEqual([process.pid, crond.pid, pid]);
      expect(starter).toMatchObject({ kind: "cron", pid: crond.pid });
      expect(usage).toHaveLength(1);
      expect(usage[0].memory_bytes).toBeGreaterThan(1e6);
      expect(usage[0].open_files).toBe(readdirSync(`/proc/${pid}/fd`).length);
      expect(next).toContainEqual({ what: "stop", command: "sockeye kill tcp/8095" });
      const text = await netns.output([SOCKEYE, "8095"]);
      expect(text).toMatch(new RegExp(`crond \\(${crond.pid}\\) \\d+.* → job \\(${pid}\\)`));
      expect(text).toContain(`a job of cron (${crond.pid})`);
    } finally {
      crond.stdin.end();
      await crond.exited;
    }
  });

  testIf(reason, "an SO_REUSEPORT group is one thing of several sockets", async () => {
    await withFactory("reuseport", { count: 3, port: 8082 }, async (netns) => {
      const subject = await one(netns, "127.0.0.1:8082");
      expect(subject.sockets.length).toBe(3);
      expect(subject.relations.map(({ roots }: Json) => roots.length)).toEqual([1, 1, 1]);
      expect(await netns.output([SOCKEYE, "8082"]))
        .toContain("3 sockets share the address (SO_REUSEPORT), held by 1 process each");
    });
  });

  testIf(reason, "IPv4, IPv6 and further addresses of the same owners are told once", async () => {
    const SERVER = `
import socket, sys
keep = []
for address in ["0.0.0.0", *(f"127.0.0.{i}" for i in range(2, 10))]:
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); s.bind((address, 8096)); s.listen(); keep.append(s)
s = socket.socket(socket.AF_INET6); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
s.bind(("::", 8096)); s.listen(); keep.append(s)
keep.append(socket.create_connection(("127.0.0.3", 8096)))
keep.append(socket.create_connection(("127.0.0.1", 8096)))
print("up", flush=True)
sys.stdin.read()
`;
    await using netns = await Namespace.create();
    // The command line is a part of the screen.
    const short = ["python3", "-c", "import os; exec(os.environ['SERVER'])"];
    const server = Bun.spawn(netns.command(short), {
      stdin: "pipe",
      stdout: "pipe",
      env: { ...process.env, SERVER },
    });
    try {
      await firstLine(server.stdout);
      const { sockets, ends, relations, connections } = await one(netns, "8096");
      expect([sockets.length, relations.length, ends.length]).toEqual([10, 10, 10]);
      const local = (end: Json) => sockets[end.sockets[0]].local.address;
      expect(ends.slice(0, 2).map(local).sort()).toEqual(["0.0.0.0", "::"]);
      // Each connection counts once, and at the address that it came to.
      expect(connections.established).toBe(2);
      const to = (address: string) => ends.find((end: Json) => local(end) === address);
      expect(to("127.0.0.3").connections.established).toBe(1);
      expect(to("0.0.0.0").connections.established).toBe(1);
      expect(to("127.0.0.4").connections.established).toBe(0);
      const text = await netns.output([
        "python3",
        TERMINAL,
        "80",
        SOCKEYE,
        "8096",
        "--color=never",
      ]);
      // How long these sections are depends on where the tests run.
      const section = (name: string, next: string) =>
        text.slice(
          text.indexOf(`\n  ${name}`),
          next === "" ? undefined : text.indexOf(`\n  ${next}`),
        );
      // So does what could not be read.
      const lines = (part: string) =>
        part.split("\n").filter((line) => !line.startsWith("sockeye: ")).length - 1;
      expect(lines(text) - lines(section("Why", "Reach"))).toBeLessThanOrEqual(21);
      expect(text).toContain("and 9 more addresses  listen");
      expect(text).toContain("127.0.0.9:8096");
    } finally {
      server.stdin.end();
      await server.exited;
    }
  });

  testIf(reason, "socket activation is told with the variable that shows it", async () => {
    await withFactory("socket_activation", { port: 8083 }, async (netns, { info }) => {
      const [child] = (await one(netns, "8083")).relations[0].roots[0].children;
      expect(child).toMatchObject({ pid: info.service, role: "activated", fds: [3] });
    });
  });

  testIf(
    reason,
    "a holder in another network namespace is found, and the move is evidence",
    async () => {
      await withFactory("socket_in_other_netns", {}, async (netns, { info }) => {
        const port = info.sockets[0]!.local!.port!;
        const [root] = (await one(netns, String(port))).relations[0].roots;
        expect(root.pid).toBe(info.process);
        expect(root.evidence).toContainEqual({
          kind: "other_netns",
          netns: info.process_netns,
          name: null,
          socket_netns: netns.inode,
        });
      });
    },
  );

  testIf(reason, "by process, pid and inode the same listener is found", async () => {
    await withFactory("inherited_listener", { port: 8084 }, async (netns, { info }) => {
      const [socket] = info.sockets;
      for (const word of [`pid:${info.shell}`, `pid:${info.parent}`, `inode:${socket!.inode}`]) {
        const { status, json } = await explain(netns, word);
        expect(status).toBe(0);
        const inodes = json.explanations[0].subjects
          .flatMap(({ sockets }: Json) => sockets.map(({ inode }: Json) => inode));
        expect(inodes).toContain(socket!.inode);
      }
    });
  });
});

describe("what", () => {
  testIf(reason, "connections that nobody has accepted are counted and said", async () => {
    await withFactory("unaccepted", { count: 3 }, async (netns, { info }) => {
      const port = info.sockets.find(({ state }) => state === "listen")!.local!.port!;
      const { connections } = await one(netns, String(port));
      expect(connections).toMatchObject({ established: 3, unaccepted: 3, peers: 1 });
    });
  });

  testIf(reason, "dual-stack tells IPv4 through it", async () => {
    await withFactory("tcp_listen_dual", { port: 8085 }, async (netns) => {
      const { reach } = await one(netns, "8085");
      expect(reach.reasons).toContain("IPv4 as well: not v6-only");
      const [mapped] = reach.addresses.filter(({ address }: Json) => address === "127.0.0.1");
      expect(mapped).toMatchObject({ interface: "lo", mapped: true, scope: "loopback" });
      // What is asked by an IPv4 address is answered by the IPv6 socket that takes it.
      await one(netns, "127.0.0.1:8085");
    });
  });

  testIf(reason, "multicast groups that are joined are named", async () => {
    await withFactory("udp_multicast", { port: 5353, group: "239.1.2.3" }, async (netns) => {
      const { reach } = await one(netns, "udp:5353");
      expect(reach.groups).toEqual([{ interface: "lo", address: "239.1.2.3" }]);
    });
  });
});

describe("where and logs", () => {
  testIf(reason, "a program file that was deleted is said to be", async () => {
    await withFactory("deleted_exe", {}, async (netns, { info }) => {
      const port = info.sockets[0]!.local!.port!;
      const { places } = await one(netns, String(port));
      expect(places).toMatchObject([{ exe: info.exe, exe_fate: "deleted", pids: [info.process] }]);
      expect(await netns.output([SOCKEYE, String(port)]))
        .toContain("deleted from disk since it was started");
    });
  });

  testIf(reason, "log files are named, and a deleted one is marked", async () => {
    await withFactory("deleted_log", {}, async (netns, { info }) => {
      const port = info.sockets[0]!.local!.port!;
      const { logs } = await one(netns, String(port));
      const expected = info.logs as { path: string; fd: number; deleted: boolean }[];
      for (const { path, fd, deleted } of expected) {
        const file = logs.files.find((file: Json) => file.path === path);
        expect(file).toMatchObject({ deleted, size: 8 });
        expect(file.holders).toEqual([{ pid: info.process, fds: [fd] }]);
      }
      expect(await netns.output([SOCKEYE, String(port)])).toContain("deleted while open: 8 bytes");
    });
  });
});

describe("nothing found", () => {
  testIf(
    reason,
    "status 1, and what is near: the port elsewhere, and whether its address is free",
    async () => {
      await using netns = await Namespace.create();
      await using other = await Namespace.create(`sockeye-near-${process.pid}`);
      await using web = await makeSocket("tcp_listen", { address: "0.0.0.0", port: 80 }, {
        netns: other,
      });
      const { status, json } = await explain(netns, "80");
      expect(status).toBe(1);
      const [explanation] = json.explanations;
      expect(explanation.elsewhere.map(({ netns, owners }: Json) => [netns.name, owners[0].pid]))
        .toContainEqual([other.name, web.pid]);
      expect(explanation.nearby.binds).toMatchObject([{ verdict: "free", port: 80 }]);
      expect(explanation.nearby.ephemeral.length).toBe(2);
    },
  );

  testIf(reason, "the port on another address and over another transport is near", async () => {
    await withFactory("udp_bound", { port: 8086 }, async (netns) => {
      const { status, json } = await explain(netns, "tcp:8086");
      expect(status).toBe(1);
      expect(json.explanations[0].nearby.sockets.map(({ transport }: Json) => transport))
        .toEqual(["udp"]);
    });
  });

  testIf(
    reason,
    "a process that lives and holds nothing is told from one that is not there",
    async () => {
      await using netns = await Namespace.create();
      // The pipes of Bun's children are sockets.
      const stdio = ["ignore", "ignore", "ignore"] as const;
      const idle = Bun.spawn(netns.command(["sleep", "60"]), { stdio: [...stdio] });
      try {
        const { status, json } = await explain(netns, `pid:${idle.pid}`, "pid:4194304");
        expect(status).toBe(1);
        expect(json.explanations.map(({ idle }: Json) => idle)).toEqual([[idle.pid], []]);
      } finally {
        idle.kill();
        await idle.exited;
      }
    },
  );

  testIf(reason, "several targets: one that is missing decides the status", async () => {
    await withFactory("tcp_listen", { port: 8087 }, async (netns) => {
      const { status, json } = await explain(netns, "8087", "8088");
      expect(status).toBe(1);
      expect(json.explanations.map(({ found }: Json) => found)).toEqual([true, false]);
    });
  });
});

describe("--bind", () => {
  const verdict = async (netns: Namespace, ...words: string[]) => {
    const { status, json } = await explain(netns, "--bind", ...words);
    return [status, json.binds[0].verdict];
  };

  testIf(reason, "says in use, and who holds the address", async () => {
    await withFactory("tcp_listen", { address: "0.0.0.0", port: 8080 }, async (netns, { pid }) => {
      const { status, json } = await explain(netns, "--bind", "127.0.0.1:8080");
      expect(status).toBe(1);
      expect(json.binds[0]).toMatchObject({ verdict: "in_use", plain: "EADDRINUSE" });
      expect(json.binds[0].holders[0].owners[0].pid).toBe(pid);
      expect(await verdict(netns, "udp:127.0.0.1:8080")).toEqual([0, "free"]);
      expect(await verdict(netns, "127.0.0.1:8081")).toEqual([0, "free"]);
      expect(await verdict(netns, "10.9.9.9:80")).toEqual([1, "no_such_address"]);
    });
  });

  testIf(reason, "sees that a dual-stack socket holds IPv4 too", async () => {
    await withFactory("tcp_listen_dual", { port: 8080 }, async (netns) => {
      expect(await verdict(netns, "0.0.0.0:8080")).toEqual([1, "in_use"]);
    });
  });

  testIf(reason, "tells a TIME-WAIT that lets others in from one that does not", async () => {
    await withFactory("time_wait", {}, async (netns, { info }) => {
      const waiting = info.sockets.find(({ state }) => state === "time_wait")!;
      const { json } = await explain(netns, "--bind", `127.0.0.1:${waiting.local!.port}`);
      expect(json.binds[0].verdict).toBe("in_use");
      expect(json.binds[0].holders[0].state).toBe("time_wait");
    });
    await using netns = await Namespace.create();
    await netns.output(["python3", "-c", TIME_WAIT_WITH_REUSE]);
    expect(await verdict(netns, "127.0.0.1:8080")).toEqual([1, "needs_reuse_address"]);
  });

  testIf(reason, "leaves nothing bound", async () => {
    await using netns = await Namespace.create();
    expect(await verdict(netns, "0.0.0.0:8080")).toEqual([0, "free"]);
    expect(await verdict(netns, "0.0.0.0:8080")).toEqual([0, "free"]);
  });
});

testIf(reason, "in a PID namespace, no name is told to be nobody's", async () => {
  await using netns = await Namespace.create();
  const inside = ["unshare", "--pid", "--fork", "--mount-proc", SOCKEYE, "explain"];
  const named = await netns.run([...inside, "process:no-such-name"]);
  const text = new TextDecoder().decode(named.stdout);
  expect(text).toContain("no process with this name can be seen from here");
  expect(text).toContain("processes outside this PID namespace cannot be seen");
  expect(named.status).toBe(3);
  // An ID means one of this namespace, and all of those are seen.
  const byId = await netns.run([...inside, "pid:77777"]);
  expect(new TextDecoder().decode(byId.stdout)).toContain("no process has this ID");
});

describe("several namespaces", () => {
  testIf(
    reason,
    "joined by a veth pair, the same 0.0.0.0:80 is two things with their own reach",
    async () => {
      await using first = await Namespace.create();
      await using second = await Namespace.create(`sockeye-two-${process.pid}`);
      await first.connect(second, { addresses: ["10.1.0.1/24", "10.1.0.2/24"] });
      const options = { address: "0.0.0.0", port: 80 };
      await using web = await makeSocket("tcp_listen", options, { netns: first });
      await using other = await makeSocket("tcp_listen", options, { netns: second });
      const { status, json } = await explain(first, "80", "--all-netns");
      expect(status).toBe(0);
      const subjects = json.explanations[0].subjects.filter(({ sockets }: Json) =>
        [first.inode, second.inode].includes(sockets[0].netns.inode)
      );
      const seen = subjects.map(({ sockets, reach }: Json) => [
        sockets[0].owners[0].pid,
        reach.scope,
        reach.addresses.map(({ address }: Json) => address),
      ]);
      expect(seen).toContainEqual([web.pid, "container", ["127.0.0.1", "10.1.0.1"]]);
      expect(seen).toContainEqual([other.pid, "container", ["127.0.0.1", "10.1.0.2"]]);
      expect(seen.length).toBe(2);
      // One that was chosen by name is the only one looked into.
      const named = await one(first, "80", "--netns", second.name!);
      expect(named.sockets[0].netns).toEqual({ inode: second.inode, name: second.name });
    },
  );
});

describe("published ports", () => {
  async function published(check: (outer: Namespace, inner: Namespace) => Promise<Json>) {
    await using outer = await Namespace.create();
    await using inner = await Namespace.create();
    await outer.connect(inner, { addresses: ["10.1.0.1/24", "10.1.0.2/24"] });
    await using _web = await makeSocket("tcp_listen", { address: "0.0.0.0", port: 80 }, {
      netns: inner,
    });
    return await check(outer, inner);
  }
  const asked = async (outer: Namespace, inner: Namespace) =>
    (await one(outer, "80", "--netns", String(inner.inode))).reach.published;

  testIf(reason, "by a DNAT rule are found, and without one are said not to be", async () => {
    await published(async (outer, inner) => {
      expect(await asked(outer, inner)).toEqual([]);
      const refusal = addDnatRule(outer, 8080, [10, 1, 0, 2], 80);
      if (refusal !== null) skip(refusal);
      expect(await asked(outer, inner))
        .toEqual([{
          via: "nftables",
          address: null,
          port: 8080,
          last_port: 8080,
          conditional: false,
          pid: null,
        }]);
      const text = await outer.output([SOCKEYE, "80", "--netns", String(inner.inode)]);
      expect(text).toContain("published as port 8080 of every address by nftables");
    });
  });

  testIf(
    reason,
    "by docker-proxy are found, and the proxy's own socket says where it leads",
    async () => {
      await published(async (outer, inner) => {
        const folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
        const program = join(folder, "docker-proxy");
        copyFileSync(realpathSync("/bin/sh"), program);
        chmodSync(program, 0o755);
        const words =
          "-proto tcp -host-ip 127.0.0.1 -host-port 8080 -container-ip 10.1.0.2 -container-port 80";
        const proxy = Bun.spawn([program, "-c", "read x; :", ...words.split(" ")], {
          stdin: "pipe",
        });
        try {
          expect(await asked(outer, inner))
            .toEqual([{
              via: "docker-proxy",
              address: "127.0.0.1",
              port: 8080,
              last_port: 8080,
              conditional: false,
              pid: proxy.pid,
            }]);
        } finally {
          proxy.stdin.end();
          await proxy.exited;
          rmSync(folder, { recursive: true });
        }
      });
    },
  );

  testIf(reason, "are unknown to one who may not read the rules", async () => {
    await published(async (_outer, inner) => {
      // Inside, where a container would ask about itself.
      expect((await one(inner, "80")).reach.published).toBeNull();
    });
  });
});

describe("unix sockets", () => {
  testIf(reason, "by path: mode and owner of the file, and who may connect", async () => {
    await withFactory("unix_stream", {}, async (netns, { info }) => {
      const listeners = info.sockets.filter(({ state }) => state === "listen");
      expect(listeners.length).toBe(2);
      for (const { local, inode } of listeners) {
        chmodSync(local!.path!, 0o660);
        const subject = await one(netns, `unix:${local!.path}`);
        expect(subject.sockets[0].inode).toBe(inode);
        expect(subject.reach.file).toMatchObject({ mode: 0o660, uid: 0, user: "root" });
        const text = await netns.output([SOCKEYE, `unix:${local!.path}`]);
        expect(text).toContain("its owner and the group may connect");
        expect(text).toContain("1 connection");
        // The factory's folder is closed to others, whatever the file allows.
        chmodSync(local!.path!, 0o666);
        const open = await one(netns, `unix:${local!.path}`);
        expect(open.reach.file.closed_folder).toBe(dirname(local!.path!));
        expect(open.connections.established).toBe(1);
      }
    });
  });

  testIf(reason, "by abstract name: no file guards it", async () => {
    await withFactory("unix_abstract", {}, async (netns, { info }) => {
      const { local, inode } = info.sockets.find(({ state }) => state === "listen")!;
      const name = Buffer.from(local!.hex!, "hex").toString().replaceAll("\0", "@");
      const subject = await one(netns, `@${name}`);
      expect(subject.sockets[0].inode).toBe(inode);
      expect(subject.reach.file).toBeNull();
    });
  });

  testIf(reason, "that are not there: status 1", async () => {
    await using netns = await Namespace.create();
    expect((await explain(netns, "unix:/there/is/none.sock")).status).toBe(1);
  });
});

describe("where little is there", () => {
  const chroot = process.getuid?.() === 0 && Bun.which("chroot") !== null
    ? null
    : "chroot needs root";

  testIf(
    firstReason(reason, chroot),
    "in a root with nothing but the binary and /proc the answer comes",
    async () => {
      const root = mkdtempSync(join(tmpdir(), "sockeye-test-"));
      try {
        const libraries = new TextDecoder().decode((await run(["ldd", SOCKEYE])).stdout);
        for (const path of [SOCKEYE, ...libraries.match(/\/\S+/g) ?? []]) {
          const to = join(root, path === SOCKEYE ? "sockeye" : path);
          mkdirSync(join(to, ".."), { recursive: true });
          copyFileSync(path, to);
          chmodSync(to, 0o755);
        }
        mkdirSync(join(root, "proc"));
        await using netns = await Namespace.create();
        await using web = await makeSocket("tcp_listen", { port: 8080 }, { netns });
        const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" /sockeye 8080';
        const text = await netns.output(["unshare", "-m", "sh", "-c", script, root]);
        expect(text).toContain(`(${web.pid})`);
        expect(text).toContain("waits for connections");
      } finally {
        rmSync(root, { recursive: true });
      }
    },
  );

  const unprivileged = Bun.which("setpriv") !== null && process.getuid?.() === 0
    ? null
    : "setpriv as root is needed";

  testIf(
    firstReason(reason, unprivileged),
    "an ordinary user gets the socket, and why the owner is hidden",
    async () => {
      await withFactory("tcp_listen", { port: 8080 }, async (netns) => {
        const command = [
          "setpriv",
          "--reuid=65534",
          "--regid=65534",
          "--clear-groups",
          SOCKEYE,
          "8080",
        ];
        const { status, stdout } = await netns.run(command);
        expect(status).toBe(0);
        expect(new TextDecoder().decode(stdout)).toMatch(
          /hidden: its owner is a process.*; user\s+root\s+\(0\)\s+created\s+the\s+socket/s,
        );
      });
    },
  );
});

/** Runs a script in a namespace until the check is over; the script prints a line of JSON when everything stands. */
async function withScript(
  netns: Namespace,
  lines: readonly string[],
  check: (told: Json) => Promise<void>,
): Promise<void> {
  const script = [
    "import json, os, socket, sys, time, array",
    ...lines,
    "print(json.dumps(told), flush=True)",
    "sys.stdin.read()",
  ].join("\n");
  const python = Bun.spawn(netns.command(["python3", "-c", script]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    const line = await firstLine(python.stdout);
    await check(JSON.parse(line));
  } finally {
    python.stdin.end();
    await python.exited;
  }
}

describe("near", () => {
  testIf(reason, "are the ports next to it, and the usual service on another port", async () => {
    const SCENE = `
import socket, sys
open("/proc/self/comm", "w").write("postgres")
keep = [socket.create_server(("127.0.0.1", port)) for port in (8080, 5433)]
print("up", flush=True)
sys.stdin.read()
`;
    await using netns = await Namespace.create();
    const scene = Bun.spawn(netns.command(["python3", "-c", SCENE]), {
      stdin: "pipe",
      stdout: "pipe",
    });
    try {
      await firstLine(scene.stdout);
      const { status, json } = await explain(netns, "8079", "5432");
      expect(status).toBe(1);
      const [slip, moved] = json.explanations.map(({ nearby }: Json) => nearby);
      expect(slip.neighbours.map(({ local }: Json) => local.port)).toEqual([8080]);
      expect(slip.usual).toBeNull();
      expect(moved.neighbours.map(({ local }: Json) => local.port)).toEqual([5433]);
      expect(moved.usual.service).toBe("postgresql");
      expect(moved.usual.pids).toContain(scene.pid);
      expect(moved.usual.sockets.map(({ local }: Json) => local.port).sort()).toEqual([5433, 8080]);
      const { stdout } = await netns.run([SOCKEYE, "8079", "6379"]);
      const text = new TextDecoder().decode(stdout);
      expect(text).toContain(`nearby: tcp 127.0.0.1:8080  listen  postgres (${scene.pid})`);
      expect(text).toContain("usually redis");
    } finally {
      scene.stdin.end();
      await scene.exited;
    }
  });
});

describe("clients", () => {
  testIf(
    reason,
    "the port of a live connection names its process, its peer and who began it",
    async () => {
      const SCENE = `
import os, socket, sys
server = socket.create_server(("127.0.0.1", 8097))
ours, theirs = os.pipe()
child = os.fork()
if child == 0:
    server.close(); keep = [socket.create_connection(("127.0.0.1", 8097)) for i in range(3)]
    os.write(theirs, f"{os.getpid()} {keep[0].getsockname()[1]}".encode())
    sys.stdin.read(); os._exit(0)
accepted = [server.accept()[0] for i in range(3)]
print(os.read(ours, 64).decode(), flush=True)
sys.stdin.read()
`;
      await using netns = await Namespace.create();
      const scene = Bun.spawn(netns.command(["python3", "-c", SCENE]), {
        stdin: "pipe",
        stdout: "pipe",
      });
      try {
        const line = await firstLine(scene.stdout);
        const [client, port] = line.split(" ").map(Number);
        const connection = await one(netns, String(port));
        expect(connection.kind).toBe("connections");
        expect(connection.sockets[0].owners.map(({ pid }: Json) => pid)).toEqual([client]);
        expect(connection.connection_ends).toEqual([{ direction: "out", pids: [scene.pid] }]);
        const text = await netns.output([SOCKEYE, String(port)]);
        expect(text).toContain(
          `tcp 127.0.0.1:${port} → 127.0.0.1:8097  established  to python3 (${scene.pid})`,
        );
        // The server's block counts them, and knows who they are of.
        const service = await one(netns, "8097");
        expect(service.peers).toEqual([
          { address: "127.0.0.1", port: null, count: 3, pids: [client] },
        ]);
        expect(await netns.output([SOCKEYE, "8097"])).toContain(
          `with 127.0.0.1 ×3 by python3 (${client})`,
        );
        // Of a process, each of its connections is told with its direction.
        const { json } = await explain(netns, `pid:${scene.pid}`);
        const own = json.explanations[0].subjects.find(({ kind }: Json) => kind === "connections");
        // Its standard streams may be sockets too.
        const tcp = own.connection_ends.filter((_: Json, i: number) =>
          own.sockets[i].transport === "tcp"
        );
        expect(tcp).toEqual(Array(3).fill({ direction: "in", pids: [client] }));
      } finally {
        scene.stdin.end();
        await scene.exited;
      }
    },
  );
});

describe("groups", () => {
  const LISTENERS = [
    "def listener(port):",
    "    s = socket.socket()",
    "    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)",
    "    s.bind(('127.0.0.1', port))",
    "    s.listen(8)",
    "    return s",
  ];

  testIf(
    reason,
    "a master whose workers hold all its SO_REUSEPORT sockets is one tree",
    async () => {
      await using netns = await Namespace.create();
      const lines = [
        ...LISTENERS,
        "kept = [listener(8080) for _ in range(4)]",
        "workers = []",
        "for _ in range(2):",
        "    pid = os.fork()",
        "    if pid == 0:",
        "        sys.stdin.read()",
        "        os._exit(0)",
        "    workers.append(pid)",
        "told = [os.getpid(), workers, [s.fileno() for s in kept]]",
      ];
      await withScript(netns, lines, async ([master, workers, fds]) => {
        const text = await netns.output([SOCKEYE, "8080"]);
        expect(text).toContain(
          "4 sockets share the address (SO_REUSEPORT), held by 3 processes each, 3 in all",
        );
        expect(text).toContain("accept queue 0 of 8 each");
        expect(text.split("a master and 2 workers it forked").length).toBe(2);
        const who = text.slice(text.indexOf("  Who"), text.indexOf("  Why"));
        for (const pid of [master, ...workers]) expect(who.split(` (${pid})`).length).toBe(2);
        expect(text).toContain(`fd ${fds.join(", ")}`);
      });
    },
  );

  testIf(
    reason,
    "an inherited SO_REUSEPORT listener is not in the way of a restart, and takes its share",
    async () => {
      await using netns = await Namespace.create();
      const lines = [
        ...LISTENERS,
        "import subprocess",
        "s = listener(8080)",
        "p = subprocess.Popen(['cat'], pass_fds=[s.fileno()], stdin=subprocess.PIPE)",
        "while open('/proc/%d/comm' % p.pid).read() != 'cat\\n': time.sleep(0.01)",
        "told = [os.getpid(), p.pid]",
      ];
      await withScript(netns, lines, async ([parent, child]) => {
        const [relations] = (await one(netns, "8080")).relations;
        expect(relations.consequences).toEqual([
          { kind: "share_kept", pid: parent, by: [child], reuse: { address: false, port: true } },
        ]);
        const text = await netns.output([SOCKEYE, "8080"]);
        expect(text).toContain(`cat (${child}) keeps a share of new connections when python3`);
        expect(text).not.toContain("cannot be restarted");
        // And it is so: another listener of this user can join.
        await netns.output([
          "python3",
          "-c",
          [...["import socket"], ...LISTENERS, "listener(8080)"].join("\n"),
        ]);
      });
    },
  );
});

describe("paths of unix sockets", () => {
  async function inFolder(check: (netns: Namespace, folder: string) => Promise<void>) {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "sockeye-test-")));
    try {
      await using netns = await Namespace.create();
      await check(netns, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const listen = (path: string) => [
    "s = socket.socket(socket.AF_UNIX)",
    `s.bind(${JSON.stringify(path)})`,
    "s.listen(4)",
    "told = os.getpid()",
  ];

  testIf(reason, "lead through links, and from where a relative one was bound", async () => {
    await inFolder(async (netns, folder) => {
      symlinkSync(folder, join(folder, "link"));
      await withScript(netns, listen(join(folder, "app.sock")), async (pid) => {
        const subject = await one(netns, `unix:${join(folder, "link", "app.sock")}`);
        expect(subject.sockets[0].owners[0].pid).toBe(pid);
      });
      rmSync(join(folder, "app.sock"));
      const lines = [`os.chdir(${JSON.stringify(folder)})`, ...listen("app.sock")];
      await withScript(netns, lines, async (pid) => {
        const subject = await one(netns, `unix:${join(folder, "app.sock")}`);
        expect(subject.sockets[0].owners[0].pid).toBe(pid);
        expect(subject.reach.file).toMatchObject({ user: "root", group: "root" });
      });
    });
  });

  testIf(reason, "whose file is gone, or is left over, are told as that", async () => {
    await inFolder(async (netns, folder) => {
      const path = join(folder, "app.sock");
      await withScript(netns, listen(path), async () => {
        rmSync(path);
        const { reach } = await one(netns, `unix:${path}`);
        expect(reach.scope).toBe("unknown");
        expect(reach.reasons).toEqual([
          "the file is gone: nobody can connect by its path now",
        ]);
        expect((await explain(netns, `unix:${path}`)).status).toBe(0);
      });
      // A machine may have a process whose network namespace is protected, even from root. A socket there would have the path too.
      let whole = true;
      const file = async () => {
        const { status, json } = await explain(netns, `unix:${path}`);
        const [{ file, elsewhere_complete, because }] = json.explanations;
        whole = elsewhere_complete;
        expect(status).toBe(file === "absent" || whole ? 1 : 3);
        expect(because.length > 0).toBe(status === 3);
        return file;
      };
      expect(await file()).toBe("absent");
      await withScript(netns, listen(path), () => Promise.resolve());
      expect(await file()).toBe("socket");
      expect(await netns.output(["sh", "-c", `${SOCKEYE} unix:${path} || true`])).toContain(
        whole ? "left over" : "a socket that could not be read may be bound to it",
      );
    });
  });
});

describe("elsewhere", () => {
  testIf(
    firstReason(reason, Bun.which("setpriv") === null ? "there is no setpriv program" : null),
    "to an ordinary user it is said that not every namespace was looked into",
    async () => {
      await using netns = await Namespace.create();
      const whole = async (...before: string[]) => {
        const { stdout } = await netns.run([...before, SOCKEYE, "8080", "--json"]);
        return JSON.parse(new TextDecoder().decode(stdout)).explanations[0].elsewhere_complete;
      };
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      expect(await whole(...nobody)).toBe(false);
      const text = await netns.output(["sh", "-c", `${nobody.join(" ")} ${SOCKEYE} 8080 || true`]);
      expect(text).toContain("some network namespaces could not be read");
    },
  );

  testIf(
    reason,
    "a process whose sockets are of another namespace is found with them",
    async () => {
      await using here = await Namespace.create();
      await using there = await Namespace.create(`sockeye-there-${process.pid}`);
      await using web = await makeSocket("tcp_listen", { port: 8080 }, { netns: there });
      const { status, json } = await explain(here, `pid:${web.pid}`);
      expect(status).toBe(0);
      const [{ found, undecided, subjects, unlisted }] = json.explanations;
      expect([found, undecided, unlisted]).toEqual([true, false, []]);
      const [{ netns, local }] = subjects[0].sockets;
      expect([netns.name, local.port]).toEqual([there.name, 8080]);
      // One namespace was asked about: what is elsewhere is not told as found.
      const scoped = await here.run(["sh", "-c", `${SOCKEYE} pid:${web.pid} --netns $$`]);
      expect([scoped.status, new TextDecoder().decode(scoped.stdout)]).toEqual([
        1,
        expect.stringContaining("holds no socket in this network namespace"),
      ]);
      // The listing for a process says what it lacks.
      const listed = await here.run([SOCKEYE, "--pid", String(web.pid), "--json"]);
      const { complete, gaps } = JSON.parse(new TextDecoder().decode(listed.stdout));
      expect(complete).toBe(false);
      expect(gaps).toContainEqual(
        expect.objectContaining({ kind: "netns", netns: there.inode, pid: web.pid }),
      );
    },
  );

  testIf(
    reason,
    "sockets that a process holds and that are in no table are told as such, and counted",
    async () => {
      await using netns = await Namespace.create();
      const lines = [
        "held = [socket.socket() for _ in range(3)]",
        "held.append(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))",
        "told = os.getpid()",
      ];
      await withScript(netns, lines, async (pid) => {
        const { status, json } = await explain(netns, `pid:${pid}`);
        expect(status).toBe(0);
        const [{ found, undecided, unlisted }] = json.explanations;
        expect([found, undecided]).toEqual([true, false]);
        expect(unlisted.map(({ protocol, netns: inode, owners }: Json) => [
          protocol,
          inode,
          owners[0].pid,
        ])).toEqual([
          ...Array(3).fill(["TCP", netns.inode, pid]),
          ["UDPv6", netns.inode, pid],
        ]);
        const text = await netns.output([SOCKEYE, `pid:${pid}`]);
        expect(text).toContain(
          "holds 4 sockets that are neither bound nor connected (TCP, UDPv6)",
        );
        const [{ inode, owners: [{ fds }] }] = unlisted;
        expect(await netns.output([SOCKEYE, `inode:${inode}`])).toContain(
          `held by python3 (${pid}) fd ${fds[0]}`,
        );
        const listed = JSON.parse(
          await netns.output([SOCKEYE, "-a", "--pid", String(pid), "--json"]),
        );
        expect([listed.complete, listed.sockets]).toEqual([false, []]);
        expect(listed.gaps).toContainEqual(
          expect.objectContaining({ kind: "unlisted", sockets: 4, pid }),
        );
      });
    },
  );

  testIf(
    firstReason(reason, Bun.which("setpriv") === null ? "there is no setpriv program" : null),
    "what could not be read is not told as holding nothing",
    async () => {
      await using netns = await Namespace.create();
      await using web = await makeSocket("tcp_listen", { port: 8080 }, { netns });
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const ran = await netns.run([...nobody, SOCKEYE, `pid:${web.pid}`, "--json"]);
      expect(ran.status).toBe(3);
      const [explanation] = JSON.parse(new TextDecoder().decode(ran.stdout)).explanations;
      expect([explanation.found, explanation.undecided, explanation.idle]).toEqual([
        false,
        true,
        [web.pid],
      ]);
      expect(explanation.because).toContainEqual(expect.stringContaining("could not be read"));
      const none = await netns.run([...nobody, SOCKEYE, "inode:1", "--json"]);
      expect(none.status).toBe(3);
    },
  );

  testIf(
    reason,
    "a socket that was passed to a process in another namespace says where that lives",
    async () => {
      await using netns = await Namespace.create();
      await using there = await Namespace.create(`sockeye-lives-${process.pid}`);
      const lines = [
        "import ctypes",
        "s = socket.socket()",
        "s.bind(('127.0.0.1', 8080))",
        "s.listen(4)",
        "a, b = socket.socketpair()",
        "ready, done = os.pipe()",
        "pid = os.fork()",
        "if pid == 0:",
        "    s.close()",
        "    fd = array.array('i', b.recvmsg(1, 64)[1][0][2][:4])[0]",
        `    netns = os.open('/run/netns/${there.name}', os.O_RDONLY)`,
        "    ctypes.CDLL(None).setns(netns, 0x40000000)",
        "    os.write(done, b'x')",
        "    sys.stdin.read()",
        "    os._exit(0)",
        "a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [s.fileno()]))])",
        "s.close()",
        "os.read(ready, 1)",
        "told = pid",
      ];
      await withScript(netns, lines, async (receiver) => {
        const [root] = (await one(netns, "8080")).relations[0].roots;
        expect(root.pid).toBe(receiver);
        expect(root.evidence).toEqual([{
          kind: "other_netns",
          netns: there.inode,
          name: there.name,
          socket_netns: netns.inode,
        }]);
        expect(await netns.output([SOCKEYE, "8080"])).toContain(`lives in netns ${there.name}`);
      });
    },
  );

  testIf(reason, "a namespace that only a descriptor keeps is found by its inode", async () => {
    await using netns = await Namespace.create();
    const lines = [
      "import ctypes",
      "home = os.open('/proc/self/ns/net', os.O_RDONLY)",
      "libc = ctypes.CDLL(None)",
      "libc.unshare(0x40000000)",
      "s = socket.socket()",
      "s.bind(('0.0.0.0', 8080))",
      "s.listen(4)",
      "kept = os.open('/proc/self/ns/net', os.O_RDONLY)",
      "inode = os.fstat(kept).st_ino",
      "libc.setns(home, 0x40000000)",
      "told = [os.getpid(), inode]",
    ];
    await withScript(netns, lines, async ([pid, inode]) => {
      const subject = await one(netns, "8080", "--netns", String(inode));
      expect(subject.sockets[0].netns.inode).toBe(inode);
      expect(subject.sockets[0].owners[0].pid).toBe(pid);
      const { json } = await explain(netns, "8080", "--all-netns");
      expect(json.explanations[0].subjects.map(({ sockets }: Json) => sockets[0].netns.inode))
        .toContain(inode);
    });
  });
});

testIf(
  firstReason(
    reason,
    Bun.which("setpriv") === null || process.getuid?.() !== 0 ? "setpriv as root is needed" : null,
  ),
  "a process that hidepid may hide is not said to be missing: status 3",
  async () => {
    const script = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"';
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    for (const word of ["pid:1", "process:no-such-process"]) {
      const words = ["unshare", "-m", "sh", "-c", script, "sh", ...nobody, SOCKEYE, word];
      expect([word, (await run(words)).status]).toEqual([word, 3]);
    }
  },
);

test("what cannot be understood is refused with what is wanted", async () => {
  const { status, stderr } = await run([SOCKEYE, "explain", "tcp:nosuchservice"]);
  expect(status).toBe(2);
  expect(stderr).toContain('no service is called "nosuchservice"');
  for (const word of ["99999", "tcp/0", "", "10.0.0.1", "[::1]", "tcp:"]) {
    const refused = await run([SOCKEYE, word]);
    expect([word, refused.status, refused.stderr.trim().split("\n").length]).toEqual([word, 2, 1]);
    expect(refused.stderr.length).toBeLessThan(140);
  }
  expect((await run([SOCKEYE, "explain"])).status).toBe(2);
  expect((await run([SOCKEYE, "explain", "80", "--bind", "81"])).status).toBe(2);
  expect((await run([SOCKEYE, "explain", "--bind", "pid:1"])).status).toBe(2);
});
