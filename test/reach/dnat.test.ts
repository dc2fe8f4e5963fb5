/**
 * DNAT rules that the real programs wrote into a real kernel, native, by iptables on nftables, and by the older iptables.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { EINTR, EINVAL, EIO, ENOBUFS, ENOMEM, EPERM } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { inNetworkNamespace, tryOpenNamespace } from "../../ffi/namespace.ts";
import type { NetlinkSocket } from "../../src/netlink/connection.ts";
import { NetlinkError } from "../../src/netlink/error.ts";
import { NLM_F_DUMP_INTR, NLM_F_MULTI, NLMSG_DONE } from "../../src/netlink/header.ts";
import { message, u32 } from "../support/bytes.ts";
import { FakeKernel } from "../support/fake_kernel.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { type DnatRules, readDnatRules } from "../../src/reach/dnat.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { addDnatRule } from "../support/nftables.ts";
import { firstReason, skip, testIf } from "../support/skip.ts";

function rulesIn(netns: Namespace): DnatRules | null {
  const fd = tryOpenNamespace(`/proc/${netns.pid}/ns/net`);
  try {
    return inNetworkNamespace(fd, () => readDnatRules(new ProcRoot()));
  } finally {
    close(fd);
  }
}

const simple = (port: number, to: string, toPort: number | null) => ({
  protocol: "tcp",
  address: null,
  ports: [{ first: port, last: port }],
  more: false,
  toAddress: to,
  toPort,
});

const missing = (program: string) => Bun.which(program) === null ? `there is no ${program}` : null;

testIf(namespaceReason(), "a rule made by hand is read back", async () => {
  await using netns = await Namespace.create();
  const refusal = addDnatRule(netns, 8080, [10, 1, 0, 2], 80);
  if (refusal !== null) skip(refusal);
  expect(rulesIn(netns)).toEqual({
    complete: true,
    rules: [{ via: "nftables", ...simple(8080, "10.1.0.2", 80) } as never],
  });
});

testIf(
  firstReason(namespaceReason(), missing("nft")),
  "of nft: sets, ranges, interfaces and jumps are followed, and what leaves from here is no publication",
  async () => {
    await using netns = await Namespace.create();
    await netns.output([
      "nft",
      `table ip web {
        set wide { type inet_service; flags interval; elements = { 9400-9410, 9420 }; }
        chain to_web { tcp dport 8080 dnat to 10.1.0.2:80; }
        chain in { type nat hook prerouting priority -100;
          fib daddr type local jump to_web
          ip daddr 10.9.9.9 tcp dport 8081 dnat to 10.1.0.2:81
          iifname "lo" tcp dport { 8082, 8182 } dnat to 10.1.0.2:82
          iifname != "br0" udp dport 9300-9310 dnat to 10.1.0.2
          tcp dport @wide dnat to 10.1.0.2:83
          tcp dport != 1 dnat to 10.1.0.2:84
        }
        chain out { type nat hook output priority -100; tcp dport 9085 dnat to 10.1.0.2:85; }
      }`,
    ]);
    const found = rulesIn(netns)!;
    expect(found.complete).toBe(true);
    expect(found.rules.map(({ via: _, ...rule }) => rule) as unknown[]).toEqual([
      simple(8080, "10.1.0.2", 80),
      { ...simple(8081, "10.1.0.2", 81), address: "10.9.9.9" },
      {
        ...simple(8082, "10.1.0.2", 82),
        ports: [{ first: 8082, last: 8082 }, { first: 8182, last: 8182 }],
        more: true,
      },
      {
        ...simple(0, "10.1.0.2", null),
        protocol: "udp",
        ports: [{ first: 9300, last: 9310 }],
      },
      {
        ...simple(0, "10.1.0.2", 83),
        ports: [{ first: 9400, last: 9410 }, { first: 9420, last: 9420 }],
      },
      { ...simple(0, "10.1.0.2", 84), ports: null, more: true },
    ]);
  },
);

testIf(
  firstReason(namespaceReason(), missing("nft"), missing("iptables-nft")),
  "that redirect to the machine itself have no address, by nft and by iptables",
  async () => {
    await using netns = await Namespace.create();
    await netns.output([
      "nft",
      `table ip web {
        chain in { type nat hook prerouting priority -100;
          tcp dport 80 redirect to :8080
          tcp dport 81 redirect
        }
      }`,
    ]);
    for (const program of ["iptables-nft", "ip6tables-nft"]) {
      await netns.output([
        "sh",
        "-c",
        `${program} -t nat -A PREROUTING -p tcp --dport 82 -j REDIRECT --to-ports 8082`,
      ]);
    }
    const { rules, complete } = rulesIn(netns)!;
    expect(complete).toBe(true);
    expect(rules.map(({ ports, toAddress, toPort }) => [ports![0]!.first, toAddress, toPort]))
      .toEqual([[80, null, 8080], [82, null, 8082], [82, null, 8082]]);
  },
);

testIf(
  firstReason(namespaceReason(), missing("nft")),
  "out of maps, of addresses and of verdicts: one rule for each element",
  async () => {
    await using netns = await Namespace.create();
    await netns.output([
      "nft",
      `table ip web {
        map one { type inet_service : ipv4_addr; elements = { 9080 : 10.1.0.2 }; }
        chain first { meta l4proto tcp dnat to 10.1.0.3:84; }
        chain second { meta l4proto tcp dnat to 10.1.0.4:84; }
        chain both { numgen random mod 2 vmap { 0 : goto first, 1 : goto second }; }
        chain in {
          type nat hook prerouting priority -100;
          dnat to tcp dport map @one
          dnat ip to tcp dport map { 9084 : 10.1.0.2 . 84 }
          udp dport vmap { 9100-9110 : drop }
          tcp dport vmap { 9200-9210 : goto first }
          ip daddr . meta l4proto . th dport vmap { 10.96.0.1 . tcp . 80 : goto both }
          fib daddr type local meta l4proto . th dport vmap { tcp . 30080 : goto first, 47 . 9 : goto first }
        }
      }`,
    ]);
    const { rules, complete } = rulesIn(netns)!;
    expect(complete).toBe(true);
    const told = rules.map(({ protocol, address, ports, toAddress, toPort, more }) => {
      expect(more).toBe(false);
      const [{ first, last }] = ports as [{ first: number; last: number }];
      return `${protocol} ${address} ${first}-${last} ${toAddress} ${toPort}`;
    });
    expect(told.sort()).toEqual([
      "tcp 10.96.0.1 80-80 10.1.0.3 84",
      "tcp 10.96.0.1 80-80 10.1.0.4 84",
      "tcp null 30080-30080 10.1.0.3 84",
      "tcp null 9080-9080 10.1.0.2 null",
      "tcp null 9084-9084 10.1.0.2 84",
      "tcp null 9200-9210 10.1.0.3 84",
    ]);
  },
);

for (const version of ["nft", "legacy"]) {
  for (const [program, other] of [["iptables", "10.1.0.2"], ["ip6tables", "fd00::2"]] as const) {
    const tool = `${program}-${version}`;
    testIf(
      firstReason(namespaceReason(), missing(tool)),
      `of ${tool}: chains, several ports, conditions`,
      async () => {
        await using netns = await Namespace.create();
        const to = (port: string) => ["-j", "DNAT", "--to-destination", address(other, port)];
        const nat = (...words: string[]) => netns.output([tool, "-t", "nat", ...words]);
        await nat("-N", "DOCKER");
        await nat("-A", "PREROUTING", "-m", "addrtype", "--dst-type", "LOCAL", "-j", "DOCKER");
        const tcp = ["-p", "tcp", "-m", "tcp", "--dport"];
        await nat("-A", "DOCKER", "!", "-i", "br0", ...tcp, "8080", ...to("80"));
        await nat("-A", "DOCKER", "-d", own(other), ...tcp, "8081", ...to(""));
        const many = ["-p", "udp", "-m", "multiport", "--dports", "9081,9090:9095"];
        await nat("-A", "PREROUTING", ...many, ...to("81"));
        await nat("-A", "PREROUTING", "-s", own(other), ...tcp, "8083", ...to("83"));
        await nat("-A", "OUTPUT", ...tcp, "9085", ...to("85"));
        const found = rulesIn(netns)!;
        expect(found.complete).toBe(true);
        const via = version === "nft" ? "nftables" : "iptables";
        expect(found.rules as unknown[]).toEqual([
          { via, ...simple(8080, other, 80) },
          { via, ...simple(8081, other, null), address: own(other) },
          {
            via,
            ...simple(0, other, 81),
            protocol: "udp",
            ports: [{ first: 9081, last: 9081 }, { first: 9090, last: 9095 }],
          },
          { via, ...simple(8083, other, 83), more: true },
        ]);
      },
    );
  }
}

const own = (other: string) => other.includes(":") ? "fd00::1" : "10.9.9.9";
const address = (host: string, port: string) =>
  port === "" ? host : host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

describe("rules that may not be read", () => {
  const answering = (errno: number) => ({
    open: (): NetlinkSocket => {
      throw new NetlinkError("list nftables chains", errno, null);
    },
    table: () => null,
  });
  const none = new ProcRoot("/nonexistent");

  test("are not the same as none", () => {
    expect(readDnatRules(new ProcRoot(), answering(EPERM))).toBeNull();
    for (const errno of [ENOMEM, EIO, EINTR, ENOBUFS]) {
      expect(readDnatRules(none, answering(errno))).toEqual({ rules: [], complete: false });
    }
    // What a kernel says that has no nftables.
    expect(readDnatRules(none, answering(EINVAL))).toEqual({ rules: [], complete: true });
  });

  test("of the older iptables are not the same as none either", () => {
    class Unread extends ProcRoot {
      override readNet(): number {
        return -EIO;
      }
    }
    expect(readDnatRules(new Unread(), answering(EINVAL))).toEqual({ rules: [], complete: false });
  });

  test("that change during every attempt are not whole", () => {
    const disturbed = new FakeKernel((sequence) => [{
      bytes: message(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, sequence, 4711, u32(0)),
    }]);
    const access = { open: () => disturbed, table: () => null };
    expect(readDnatRules(none, access)).toEqual({ rules: [], complete: false });
  });
});
