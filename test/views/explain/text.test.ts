/**
 * Golden screens of explain, at 80 and 120 columns, from facts that are made up.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type {
  ExplainedSockets,
  Explanation,
  Logs,
  Place,
  ReachReport,
} from "../../../src/model/explanation.ts";
import { isWildcard } from "../../../src/model/endpoint.ts";
import type { Forward } from "../../../src/model/forward.ts";
import type { Owner, Process } from "../../../src/model/owner.ts";
import type { OwnerNode, OwnerRole } from "../../../src/model/relation.ts";
import type { Socket } from "../../../src/model/socket.ts";
import type { Story, Usage } from "../../../src/model/story.ts";
import { writeExplanations } from "../../../src/views/explain/text.ts";
import { ageText } from "../../../src/views/explain/who.ts";
import { cellWidth } from "../../../src/text/width.ts";
import type { Writer } from "../../../src/text/writer.ts";

const NOW = Date.UTC(2026, 10, 21, 12, 0);
const encoder = new TextEncoder();
const bytes = (text: string) => encoder.encode(text);
const ID = "3f4b8c0d9e1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4";

function process(pid: number, comm: string, exe: string, cmdline: string, user: string): Process {
  return {
    pid,
    ppid: 1,
    comm: bytes(comm),
    exe: bytes(exe),
    exeDeleted: false,
    cmdline: bytes(cmdline.replaceAll(" ", "\0") + "\0"),
    uid: user === "root" ? 0 : 33,
    user,
    startTimeMs: NOW - 3 * 3_600_000 - 20 * 60_000,
    startTicks: null,
    unit: null,
    container: null,
    unitManager: null,
    containerManager: null,
    unread: {},
  };
}

const owner = (process: Process, ...fds: number[]): Owner => ({
  pid: process.pid,
  fds,
  tid: null,
  process,
});

const node = (
  owner: Owner,
  role: OwnerRole = "holder",
  children: OwnerNode[] = [],
  ancestor?: string,
): OwnerNode => ({
  owner,
  role,
  certain: true,
  evidence: ancestor === undefined
    ? []
    : [{ kind: "other_program", exe: "/bin/sh", ancestor_exe: ancestor }],
  children,
});

function socket(address: string, port: number, more: Partial<Socket> = {}): Socket {
  return {
    netns: { inode: 4026531833, name: null },
    family: address.includes(":") ? "inet6" : "inet",
    transport: "tcp",
    type: "stream",
    protocol: null,
    state: "listen",
    local: { address, port, interface: null },
    peer: null,
    peerInode: null,
    v6only: address.includes(":") ? false : null,
    uid: 0,
    inode: 1,
    cookie: 1,
    recvQueue: null,
    sendQueue: null,
    acceptQueue: { length: 0, limit: 511 },
    timer: null,
    ownership: "owned",
    owners: [],
    peerOwners: null,
    reach: { scope: "unknown", reasons: [] },
    ...more,
  };
}

const place = (pids: number[], comm: string, exe: string, more: Partial<Place> = {}): Place => ({
  pids,
  comm: bytes(comm),
  exe: bytes(exe),
  exeFate: "unchanged",
  package: null,
  cwd: bytes("/"),
  root: null,
  cgroup: null,
  unit: null,
  session: null,
  container: null,
  image: null,
  pod: null,
  unread: [],
  ...more,
});

const NO_LOGS: Logs = { files: [], journal: [], container: null, unread: [] };

function subject(
  socket: Socket,
  roots: OwnerNode[],
  more: Partial<ExplainedSockets>,
): ExplainedSockets {
  const processes = roots.flatMap(function all({ owner, children }): Process[] {
    return [owner.process, ...children.flatMap(all)];
  });
  return {
    kind: "service",
    sockets: [{ ...socket, owners: processes.map((process) => owner(process, 3)) }],
    ends: [],
    connectionEnds: [],
    peers: [],
    otherPeers: 0,
    relations: [{ roots, consequences: [] }],
    connections: null,
    connectionsVerdict: { answer: "no" },
    processes,
    places: [],
    logs: NO_LOGS,
    faults: [],
    stories: [],
    usage: [],
    next: [],
    reach: null,
    forwardsTo: null,
    ...more,
  };
}

function explanation(target: string, subjects: ExplainedSockets[]): Explanation {
  return {
    target,
    kind: "port",
    subjects,
    forwards: [],
    forwardsUnread: false,
    idle: [],
    file: null,
    elsewhere: [],
    nearby: null,
    unlisted: [],
    names: new Map(),
    searched: [4026531833],
    scoped: false,
    verdict: { answer: subjects.length > 0 ? "yes" : "no" },
    socketVerdict: { answer: subjects.length > 0 ? "yes" : "no" },
    processVerdict: { answer: "no" },
    elsewhereVerdict: { answer: "no" },
    netns: { inode: 4026531833, name: null },
  };
}

const python = process(
  80,
  "python3",
  "/usr/bin/python3.11",
  "python3 /srv/app/manage.py runserver 0.0.0.0:8080 --settings=app.settings.production",
  "www-data",
);
const shell = process(81, "sh", "/usr/bin/dash", "sh -c sleep\u00a01000", "www-data");
const hostile = process(82, "\x1b]52;c;x\x07", "/tmp/a\nb", "\u202eevil --\x1b[2J", "www-data");
const master = process(
  120,
  "nginx",
  "/usr/sbin/nginx",
  "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
  "root",
);
const workers = [121, 122, 123, 124].map((pid) =>
  process(pid, "nginx", "/usr/sbin/nginx", "nginx: worker process", "www-data")
);

const link = (pid: number, comm: string, ageMs: number) => ({
  pid,
  comm: bytes(comm),
  startTimeMs: NOW - ageMs,
});
const DAY = 86_400_000;
const story: Story = {
  chain: [
    link(1, "systemd", 9 * DAY),
    link(812, "sshd", 9 * DAY),
    link(901, "bash", DAY / 12),
    link(950, "npm run dev", 1_000_000),
    link(980, "node", 990_000),
  ],
  starter: { kind: "ssh", name: "3", pid: 812, multiplexer: 890, restart: null },
  orphaned: false,
};
const node980 = process(980, "node", "/usr/bin/node", "node server.js", "www-data");
const usage = (pid: number, more: Partial<Usage> = {}): Usage => ({
  pid,
  comm: bytes("node"),
  memoryBytes: 85_000_000,
  cpuMs: 192_000,
  openFiles: 12,
  openFilesLimit: 1024,
  ...more,
});

/** One service on several addresses. */
function several(sockets: Socket[], process: Process): ExplainedSockets {
  const one = subject(sockets[0]!, [node(owner(process, 6))], {});
  const reach = ({ local, family }: Socket): ReachReport => ({
    scope: "private",
    reasons: [],
    addresses: "address" in local && !isWildcard(local.address) ? null : [{
      interface: "eth0",
      address: family === "inet" ? "192.168.1.20" : "fd00::20",
      prefix: family === "inet" ? 24 : 64,
      scope: "private",
      mapped: false,
      carrier: true,
    }],
    groups: [],
    published: [],
    file: null,
  });
  return {
    ...one,
    sockets: sockets.map((socket) => ({ ...socket, owners: one.sockets[0]!.owners })),
    relations: sockets.map(() => one.relations[0]!),
    ends: sockets.map((socket) => ({
      sockets: [socket],
      connections: null,
      reach: reach(socket),
      forwardsTo: null,
    })),
    connections: {
      established: 3,
      peers: 2,
      unaccepted: 0,
      timeWait: 0,
      timeWaitEndsMs: null,
      others: {},
    },
  };
}

const forward = (more: Partial<Forward>): Forward => ({
  via: "nftables",
  pid: null,
  protocol: "tcp",
  hostAddress: null,
  conditional: false,
  address: "172.17.0.2",
  port: 80,
  fate: "served",
  processes: [],
  container: null,
  image: null,
  netns: null,
  ...more,
});

const SCREENS: Readonly<Record<string, readonly Explanation[]>> = {
  "faults": [
    explanation("5432", [subject(socket("0.0.0.0", 5432), [node(owner(python, 6))], {
      connections: {
        established: 3,
        peers: 1,
        unaccepted: 0,
        timeWait: 2,
        timeWaitEndsMs: [11_200, 47_900],
        others: { close_wait: 38 },
      },
      faults: [
        { kind: "listen_overflows", count: 1 },
        { kind: "datagrams_dropped", count: 1200 },
        { kind: "receive_buffer_full", bytes: 212_992, limit: 212_992 },
        { kind: "close_wait", count: 38, silentMs: 3 * 3_600_000, processes: [python, shell] },
        { kind: "close_wait", count: 12, silentMs: null, processes: [] },
        {
          kind: "uneven",
          most: { process: master, connections: 400 },
          least: { process: node980, connections: 3 },
        },
      ],
    })]),
  ],
  "forwards": [
    {
      ...explanation("8081", [subject(socket("0.0.0.0", 8081), [node(owner(python, 6))], {})]),
      forwards: [forward({
        via: "docker-proxy",
        pid: 80,
        processes: [node980],
        container: { id: ID, runtime: "docker", name: "web" },
        image: "node:20",
      })],
    },
    {
      ...explanation("8082", []),
      verdict: { answer: "yes" },
      forwards: [
        forward({ address: "10.244.0.7", processes: [node980], conditional: true }),
        forward({ address: "10.244.0.8", fate: "remote" }),
        forward({ address: "172.17.0.9", fate: "gone", hostAddress: "192.168.1.5" }),
        forward({ address: "172.17.0.3", fate: "silent", via: "iptables" }),
        forward({ address: "fd00::9", fate: "unknown", via: "ipvs" }),
        forward({
          address: null,
          port: null,
          netns: { inode: 4026532001, name: null },
          via: "slirp4netns",
          pid: 77,
        }),
      ],
    },
  ],
  "peers": [
    explanation("5432", [subject(socket("0.0.0.0", 5432), [node(owner(python, 6))], {
      connections: {
        established: 61,
        peers: 9,
        unaccepted: 0,
        timeWait: 0,
        timeWaitEndsMs: null,
        others: {},
      },
      peers: [
        { address: "10.0.0.7", port: null, count: 40, processes: [] },
        { address: "127.0.0.1", port: null, count: 12, processes: [node980, master, ...workers] },
        { address: "fd00::7", port: null, count: 9, processes: [] },
      ],
      otherPeers: 6,
    })]),
    explanation("43506", [{
      ...subject(socket("127.0.0.1", 43506), [], {}),
      kind: "connections",
      relations: [],
      processes: [node980],
      sockets: [
        ["127.0.0.1", 43506, "127.0.0.1", 5432, "established"] as const,
        ["10.0.0.2", 43506, "10.0.0.5", 443, "close_wait"] as const,
        ["10.0.0.2", 43506, "10.0.0.9", 50000, "established"] as const,
      ].map(([address, port, peer, peerPort, state]) =>
        socket(address, port, {
          state,
          acceptQueue: null,
          peer: { address: peer, port: peerPort, interface: null },
        })
      ),
      connectionEnds: [
        { direction: "out", peers: [python] },
        { direction: "out", peers: null },
        { direction: null, peers: null },
      ],
      connections: {
        established: 2,
        peers: 2,
        unaccepted: 0,
        timeWait: 0,
        timeWaitEndsMs: null,
        others: { close_wait: 1 },
      },
    }]),
  ],
  "twins": [
    explanation("80", [several(
      [socket("0.0.0.0", 80), socket("::", 80, { v6only: true })],
      master,
    )]),
    explanation("53", [several(
      Array.from({ length: 10 }, (_, i) =>
        socket(`10.0.0.${i + 1}`, 53, {
          acceptQueue: i === 4 ? { length: 12, limit: 11 } : { length: 0, limit: 11 },
        })),
      master,
    )]),
  ],
  "story": [
    explanation("3000", [subject(socket("::", 3000), [node(owner(node980, 18))], {
      stories: [story],
      usage: [usage(980)],
      next: [{ what: "stop", command: "sockeye kill tcp/3000" }],
    })]),
    explanation("3001", [subject(socket("::", 3001), [node(owner(node980, 18))], {
      stories: [
        { ...story, starter: null },
        { ...story, starter: null, chain: [...story.chain.slice(0, -1), link(981, "node", 1000)] },
        {
          chain: [link(1, "systemd", DAY), link(700, "worker", 5000)],
          starter: {
            kind: "service",
            name: "app.service",
            pid: null,
            multiplexer: null,
            restart: "always",
          },
          orphaned: true,
        },
      ],
      unexamined: 40,
      usage: [
        usage(980, { cpuMs: 420 }),
        usage(981, { openFiles: 1000, cpuMs: null }),
        usage(982, { openFilesLimit: Infinity }),
      ],
      next: [
        { what: "logs", command: "journalctl -u app.service" },
        { what: "restart", command: "systemctl restart app.service" },
        { what: "stop", command: "systemctl stop app.service" },
      ],
    })]),
  ],
  "inherited": [explanation("8080", [subject(
    socket("0.0.0.0", 8080, { acceptQueue: { length: 6, limit: 5 } }),
    [node(owner(python, 37), "holder", [
      node(owner(shell, 37), "inherited", [
        node(owner(hostile, 37), "inherited", [], "/usr/bin/dash"),
      ], "/usr/bin/python3.11"),
    ])],
    {
      relations: [{
        roots: [node(owner(python, 37), "holder", [
          node(owner(shell, 37), "inherited", [
            node(owner(hostile, 37), "inherited", [], "/usr/bin/dash"),
          ], "/usr/bin/python3.11"),
        ])],
        consequences: [{
          kind: "port_kept",
          pid: 80,
          by: [81, 82],
          reuse: { address: true, port: false },
        }],
      }],
      connections: {
        established: 12,
        peers: 3,
        unaccepted: 2,
        timeWait: 4,
        timeWaitEndsMs: null,
        others: { close_wait: 1 },
      },
      places: [
        place([80], "python3", "/usr/bin/python3.11", {
          package: { name: "python3.11-minimal", manager: "dpkg" },
          cwd: bytes("/srv/app"),
          unit: "app.service",
        }),
        place([81], "sh", "/usr/bin/dash", { exeFate: "replaced", cwd: bytes("/srv/app") }),
        place([82], "\x1b]52;c;x\x07", "/tmp/a\nb", { exeFate: "deleted", cwd: bytes("/tmp") }),
      ],
      logs: {
        files: [
          {
            path: bytes("/var/log/app/error.log"),
            deleted: false,
            size: 10,
            owners: [{ pid: 80, fds: [2] }],
          },
          {
            path: bytes("/var/log/app/access.log"),
            deleted: true,
            size: 123_456_789,
            owners: [{ pid: 80, fds: [5] }, { pid: 81, fds: [5] }],
          },
        ],
        journal: ["app.service"],
        container: null,
        unread: [],
      },
      reach: {
        scope: "public",
        reasons: ["every IPv4 address: …"],
        addresses: [
          {
            interface: "lo",
            address: "127.0.0.1",
            prefix: 8,
            scope: "loopback",
            mapped: false,
            carrier: true,
          },
          {
            interface: "eth0",
            address: "198.51.100.7",
            prefix: 24,
            scope: "public",
            mapped: false,
            carrier: true,
          },
          {
            interface: "wlan0",
            address: "192.168.1.20",
            prefix: 24,
            scope: "private",
            mapped: false,
            carrier: false,
          },
        ],
        groups: [],
        published: [],
        file: null,
      },
    },
  )])],
  "workers": [explanation("80", [subject(
    socket("::", 80),
    [node(
      owner(master, 6, 7),
      "holder",
      workers.map((worker) => node(owner(worker, 6, 7), "worker")),
    )],
    {
      connections: {
        established: 0,
        peers: 0,
        unaccepted: 0,
        timeWait: 0,
        timeWaitEndsMs: null,
        others: {},
      },
      places: [place([120, 121, 122, 123, 124], "nginx", "/usr/sbin/nginx", {
        package: { name: "nginx", manager: "dpkg" },
        container: { id: ID, runtime: "docker", name: "front" },
        image: "nginx:1.27",
        pod: { uid: null, name: "front-7d9f", namespace: "shop" },
        root: bytes("/var/lib/docker/overlay2/x/merged"),
        unit: `docker-${ID}.scope`,
      })],
      reach: {
        scope: "container",
        reasons: ["every address: …", "IPv4 as well: not v6-only"],
        addresses: [
          {
            interface: "eth0",
            address: "172.17.0.2",
            prefix: 16,
            scope: "container",
            mapped: true,
            carrier: true,
          },
        ],
        groups: [],
        published: [{
          via: "docker-proxy",
          address: null,
          ports: { first: 8080, last: 8080 },
          conditional: false,
          pid: 77,
        }],
        file: null,
      },
    },
  )])],
  "nothing": [{
    ...explanation("tcp/9090", []),
    elsewhere: [
      socket("0.0.0.0", 9090, {
        netns: { inode: 4026532200, name: "web" },
        owners: [owner(python, 3)],
      }),
    ],
    nearby: {
      connections: {
        established: 2,
        peers: 1,
        unaccepted: 0,
        timeWait: 1,
        timeWaitEndsMs: null,
        others: {},
      },
      sockets: [
        socket("0.0.0.0", 9090, { transport: "udp", state: "close", owners: [owner(shell, 4)] }),
      ],
      ephemeral: [32768, 60999],
      inEphemeral: false,
      reserved: true,
      neighbours: [socket("127.0.0.1", 9091, { owners: [owner(python, 3)] })],
      usual: {
        service: "prometheus",
        programs: ["prometheus"],
        processes: [master],
        sockets: [socket("127.0.0.1", 9100, { owners: [owner(master, 3)] })],
      },
      binds: [{
        transport: "tcp",
        address: "0.0.0.0",
        interface: null,
        port: 90,
        plain: "EADDRINUSE",
        reuseAddress: "EADDRINUSE",
        reusePort: "EADDRINUSE",
        verdict: "in_use",
        inTheWay: [socket("::", 90, { owners: [owner(master, 6)] })],
        unprivilegedStart: 1024,
        ephemeral: null,
      }],
    },
  }],
};

function render(
  explanations: readonly Explanation[],
  width: number | null,
  color: boolean,
): string {
  let text = "";
  const writer = { write: (part: string) => text += part } as unknown as Writer;
  writeExplanations(explanations, writer, { width, color, now: NOW });
  return text;
}

describe("the screen of explain", () => {
  for (const [name, explanations] of Object.entries(SCREENS)) {
    for (const width of [80, 120]) {
      test(`${name} at ${width} columns is as it was`, () => {
        const text = render(explanations, width, false);
        const path = fileURLToPath(
          new URL(`../../golden/explain/${name}-${width}.txt`, import.meta.url),
        );
        if (Bun.env.UPDATE_GOLDEN === "1" || !existsSync(path)) {
          if (Bun.env.CI !== undefined) throw new Error(`${path} is missing`);
          writeFileSync(path, text);
        }
        expect(text).toBe(readFileSync(path, "utf8"));
        for (const line of text.split("\n")) expect(cellWidth(line)).toBeLessThanOrEqual(width);
      });
    }

    test(`${name} holds nothing that a terminal would obey`, () => {
      // deno-lint-ignore no-control-regex -- that is what is looked for.
      expect(render(explanations, 80, false)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f\u202e]/);
    });

    test(`${name} in colour differs from plain only in colour`, () => {
      const coloured = render(explanations, 80, true);
      // deno-lint-ignore no-control-regex -- colours are escape sequences.
      expect(coloured.replaceAll(/\x1b\[[\d;]*m/g, "")).toBe(render(explanations, 80, false));
      expect(coloured).toContain("\x1b[");
    });
  }

  test("of a pipe has every line whole", () => {
    expect(render(SCREENS.inherited!, null, false))
      .toContain("runserver 0.0.0.0:8080 --settings=app.settings.production");
  });
});

test("an age is told in the unit that says enough", () => {
  const minute = 60_000;
  expect(
    [0, 119_000, 2 * minute, 119 * minute, 120 * minute, 200 * minute, 48 * 60 * minute].map(
      ageText,
    ),
  )
    .toEqual(["0 s", "119 s", "2 min", "119 min", "2 h", "3 h 20 min", "2 days"]);
  expect(ageText(-5)).toBe("0 s");
});
