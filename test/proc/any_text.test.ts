/**
 * Every reader of text that has no decoder's tests of its own: noise, and a true text cut and damaged. All of them take what
 * they are given: what they do not understand is not there.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseResolvConf, usesDns } from "../../src/etc/resolver.ts";
import { effectiveCapabilities } from "../../src/proc/status.ts";
import { cgroupPath, containerOf, podOf, sessionOf, unitOf } from "../../src/origin/cgroup.ts";
import { cgroup2Mount } from "../../src/origin/cgroup_paths.ts";
import { containerNames } from "../../src/origin/container_names.ts";
import { Facts } from "../../src/origin/facts.ts";
import { parseDescriptorInfo } from "../../src/proc/fdinfo.ts";
import { readHost } from "../../src/proc/host.ts";
import { parseHosts } from "../../src/etc/hosts.ts";
import { parseLocks } from "../../src/proc/locks.ts";
import { parseMaps } from "../../src/proc/maps.ts";
import { namespaceMounts, parseMountinfo } from "../../src/proc/mountinfo.ts";
import { netnsInode } from "../../src/proc/ns.ts";
import { eachNetlinkRow } from "../../src/proc/net_netlink.ts";
import { eachPacketRow } from "../../src/proc/net_packet.ts";
import { parseUnixTable } from "../../src/proc/net_unix.ts";
import { packageOf } from "../../src/origin/packages.ts";
import { Processes } from "../../src/origin/processes.ts";
import { parseProtocols } from "../../src/proc/protocols.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { Protocols, Services } from "../../src/etc/services.ts";
import { parseCounterPairs, parseCounters6, parseCountersSctp } from "../../src/proc/snmp.ts";
import { parsePasswd, Users } from "../../src/etc/users.ts";
import { parseIgmp, parseIgmp6 } from "../../src/proc/igmp.ts";
import { parsePortList, parsePortRange } from "../../src/proc/sysctl.ts";
import { hexRows } from "../../src/tools/lsof/gather/hex_rows.ts";
import { runs } from "../support/runs.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-text-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ID = "3f4b8c0d9e1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4";
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

/** The rows of a reader that passes over what it does not understand. */
function collected<Row>(
  each: (text: string, take: (row: Row) => void, bad: () => void) => void,
  text: string,
): Row[] {
  const rows: Row[] = [];
  each(text, (row) => rows.push(row), () => {});
  return rows;
}

/** Writes a file below the folder, and gives the folder. */
function file(path: string, text: string): string {
  const at = join(folder, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, bytesOf(text));
  return folder;
}

const passwd = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n";
const services = "ssh\t22/tcp\nhttp 80/tcp www # web\ndomain 53/udp\n";
const mountinfo = "31 22 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n" +
  "402 22 0:4 net:[4026532200] /run/netns/red rw shared:193 - nsfs nsfs rw\n";

const RPM = "an rpm database, which is only found";

/** Reader → what it reads, as it should be. */
const READERS: Readonly<Record<string, readonly [(text: string) => unknown, string]>> = {
  "/proc/PID/cgroup": [
    (text) => {
      const path = cgroupPath(text);
      return path === null ? null : [containerOf(path), podOf(path), sessionOf(path), unitOf(path)];
    },
    `1:name=systemd:/\n0::/kubepods.slice/kubepods-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice/cri-containerd-${ID}.scope\n`,
  ],
  "/proc/PID/fdinfo": [parseDescriptorInfo, "pos:\t0\nflags:\t02004002\nmnt_id:\t10\nino:\t77\n"],
  "/proc/PID/maps": [
    parseMaps,
    "7f0c-7f0d r-xp 00001000 08:01 131090 /usr/lib/libc.so.6 (deleted)\n7ffd-7ffe rw-p 0 00:00 0 [stack]\n",
  ],
  "/proc/PID/mountinfo": [
    (text) => {
      const mounts = parseMountinfo(text);
      return [mounts, cgroup2Mount(mounts), namespaceMounts(mounts)];
    },
    mountinfo,
  ],
  "/proc/PID/ns/net": [(text) => netnsInode(bytesOf(text)), "net:[4026531840]"],
  "/proc/PID/stat, status, cmdline, environ": [
    (text) => {
      for (const name of ["stat", "status", "cmdline", "environ", "cgroup", "comm"]) {
        file(`proc/7/${name}`, text);
      }
      file("proc/stat", text);
      const root = new ProcRoot(join(folder, "proc"));
      const processes = new Processes(root);
      const { ppid, uid, cmdline, startTime, unit, container } = processes.get(
        7,
      ) as unknown as Record<string, unknown>;
      const environment = new Facts(root, processes).environment(7, "PATH");
      return [ppid, uid, cmdline, startTime, unit, container, environment];
    },
    "7 (nginx: worker) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 5000 1 1 1 1 1 1 1 1 1 1\nbtime 1700000000\nUid:\t0\t0\t0\t0\nPATH=/bin\0A=1\0",
  ],
  "/proc/thread-self/status": [
    (text) =>
      effectiveCapabilities(new ProcRoot(join(file("self/thread-self/status", text), "self"))),
    "Name:\tx\nCapEff:\t000001ffffffffff\n",
  ],
  "the host": [
    (text) => {
      for (const name of ["sys/kernel/random/boot_id", "sys/kernel/hostname", "uptime"]) {
        file(`host/${name}`, text);
      }
      return { ...readHost(new ProcRoot(join(folder, "host"))) };
    },
    "3f4b8c0d-9e1a-2b3c-4d5e-6f708192a3b4\n",
  ],
  "/proc/locks": [
    parseLocks,
    "1: POSIX  ADVISORY  WRITE 812 08:01:131090 0 EOF\n1: -> FLOCK  ADVISORY  READ 9 08:01:1 0 EOF\n",
  ],
  "/proc/net/raw": [
    (text) => hexRows("raw", bytesOf(text)),
    "  sl  local_address rem_address   st tx_queue\n   1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4242 2 0000000000000000 0\n",
  ],
  "/proc/net/netlink": [
    (text) => collected(eachNetlinkRow, text),
    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n0000000000000000 0   812        00000111 0        0        0     2        0        4242\n",
  ],
  "/proc/net/packet": [
    (text) => collected(eachPacketRow, text),
    "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n0000000000000000 3      3    0003   2     1 0      0      4242\n",
  ],
  "/proc/net/unix": [
    parseUnixTable,
    "Num       RefCount Protocol Flags    Type St Inode Path\n0000000000000000: 00000002 00000000 00010000 0001 01 4242 /run/app.sock\n",
  ],
  "/proc/net/protocols": [
    (text) => parseProtocols(bytesOf(text)),
    "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em\nTCP       2432     10       2   no     320   yes  kernel      y  y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  y\n",
  ],
  "/proc/net/snmp": [
    parseCounterPairs,
    "Tcp: ActiveOpens PassiveOpens\nTcp: 1 -1\nUdp: In\nUdp: 3\n",
  ],
  "/proc/net/snmp6": [parseCounters6, "Ip6InReceives   \t10\nIcmp6InMsgs 3\n"],
  "/proc/net/sctp/snmp": [parseCountersSctp, "SctpCurrEstab\t0\nSctpActiveEstabs 1\n"],
  "/proc/net/igmp": [
    parseIgmp,
    "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n1\tlo        :     1      V3\n\t\t\t\tFB0000E0     1 0:00000000\t\t0\n",
  ],
  "/proc/net/igmp6": [
    parseIgmp6,
    "1    lo              ff0200000000000000000000000000fb     1 0000000C 0\n",
  ],
  "ip_local_port_range": [parsePortRange, "32768\t60999\n"],
  "ip_local_reserved_ports": [parsePortList, "80,443,8000-8100\n"],
  "/etc/passwd": [
    (text) => [parsePasswd(text), new Users(join(file("passwd", text), "passwd")).name(0)],
    passwd,
  ],
  "/etc/services": [
    (text) => {
      const known = new Services(join(file("services", text), "services"));
      return [known.name(22, "tcp"), known.port("www", null)];
    },
    services,
  ],
  "/etc/protocols": [
    (text) => new Protocols(join(file("protocols", text), "protocols")).name(6),
    "tcp\t6\tTCP\t# transmission control\n",
  ],
  "/etc/hosts": [parseHosts, "127.0.0.1\tlocalhost me\n::1 ip6-localhost\n10.0.0.1 db # x\n"],
  "/etc/resolv.conf": [
    parseResolvConf,
    "nameserver 10.0.0.1\nnameserver fe80::1%eth0\noptions x\n",
  ],
  "/etc/nsswitch.conf": [usesDns, "passwd: files\nhosts: files [!UNAVAIL=return] myhostname\n"],
  "dpkg's lists": [
    (text) =>
      packageOf(
        "/usr/sbin/nginx",
        join(file("dpkg/var/lib/dpkg/info/nginx:amd64.list", text), "dpkg"),
      ),
    "/.\n/usr\n/usr/sbin/nginx\n",
  ],
  "apk's database": [
    (text) => packageOf("/usr/sbin/nginx", join(file("apk/lib/apk/db/installed", text), "apk")),
    "P:busybox\nF:bin\nR:busybox\n\nP:nginx\nV:1\nF:usr/sbin\nR:nginx\n\n",
  ],
  "pacman's lists": [
    (text) =>
      packageOf(
        "/usr/sbin/nginx",
        join(file("pac/var/lib/pacman/local/nginx-1-1/files", text), "pac"),
      ),
    "%FILES%\nusr/\nusr/sbin/nginx\n",
  ],
  [RPM]: [
    (text) => packageOf("/usr/sbin/nginx", join(file("rpm/var/lib/rpm/rpmdb.sqlite", text), "rpm")),
    "SQLite format 3\0",
  ],
  "a container's files": [
    (text) => {
      for (
        const path of [
          `var/lib/docker/containers/${ID}/config.v2.json`,
          `run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/config.json`,
          `run/containers/storage/overlay-containers/${ID}/userdata/config.json`,
          "var/lib/containers/storage/overlay-containers/containers.json",
        ]
      ) file(`box/${path}`, text);
      return ["docker", "containerd", "podman", null].map((runtime) =>
        containerNames({ id: ID, runtime } as never, join(folder, "box"))
      );
    },
    `{"Name":"/web","LogPath":"/x.log","Config":{"Image":"nginx"},"annotations":{"io.kubernetes.cri.container-name":"web"},"id":"${ID}","names":["web"],"metadata":"{}"}`,
  ],
};

for (const [name, [read, sample]] of Object.entries(READERS)) {
  test(`${name}: any text is read, in part or not at all`, () => {
    const known = read(sample);
    // What is understood of the true text is not what an empty one gives; of an rpm database only its place counts here.
    if (name === RPM) expect(known).toMatchObject({ manager: "rpm" });
    else expect(known).not.toEqual(read(""));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 120 }), (text) => {
        read(text);
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sample.length - 1), fc.string({ maxLength: 4 })), {
          maxLength: 4,
        }),
        fc.nat(sample.length),
        (damage, length) => {
          let text = sample;
          for (const [at, other] of damage) {
            text = text.slice(0, at) + other + text.slice(at + other.length);
          }
          read(text.slice(0, length));
        },
      ),
      runs(100),
    );
    expect(read(sample)).toEqual(known);
  });
}

test("JSON of any shape is no reason to fail, where a container's files are wanted", () => {
  const [read] = READERS["a container's files"]!;
  const key = fc.constantFrom(
    "Name",
    "LogPath",
    "Config",
    "Image",
    "annotations",
    "id",
    "names",
    "metadata",
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.jsonValue(),
      fc.array(tie("any")),
      fc.dictionary(key, tie("any")),
    ),
  })).any;
  fc.assert(
    fc.property(value, (document) => {
      read(JSON.stringify(document));
    }),
  );
});
