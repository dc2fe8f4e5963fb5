/**
 * How far a socket can be reached, from interfaces, groups and processes made by hand.
 */
import { describe, expect, test } from "bun:test";
import { forwardOf, reachReport } from "../../../src/commands/explain/reach.ts";
import { UnreadInterfaces } from "../../../src/reach/interfaces.ts";
import { procTree, statFile } from "../../support/proc_tree.ts";
import { explainInput, internet, netnsFacts, unix } from "./input.ts";

const HOST = { lo: ["127.0.0.1", "::1"], eth0: ["192.168.1.5", "8.8.4.4", "fe80::5"] };
const proxyLine = (words: string) => `${words.split(" ").join("\0")}\0`;
const PROXY = "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 " +
  "-container-ip 172.17.0.2 -container-port 80";

describe("reachReport()", () => {
  test("a wildcard reaches as far as the widest address of an interface, and names them all", () => {
    const input = explainInput("/nonexistent", [], netnsFacts(HOST));
    const report = reachReport(internet("0.0.0.0", 80), input)!;
    expect(report.scope).toBe("public");
    expect(report.addresses!.map(({ interface: name, address, scope }) => [name, address, scope]))
      .toEqual([
        ["lo", "127.0.0.1", "loopback"],
        ["eth0", "192.168.1.5", "private"],
        ["eth0", "8.8.4.4", "public"],
      ]);
    expect(report).toMatchObject({ groups: [], published: [], file: null });
  });

  test("without the interfaces a wildcard is any, and no address is told", () => {
    const unread = netnsFacts(HOST, { interfaces: new UnreadInterfaces("EPERM") });
    const of = (facts?: typeof unread) =>
      reachReport(internet("0.0.0.0", 80), explainInput("/nonexistent", [], facts))!;
    expect(of()).toMatchObject({ scope: "any", addresses: null });
    // They are there, so something narrower than any may be true.
    expect(of(unread)).toMatchObject({ scope: "unknown", addresses: null });
  });

  test("groups are those that datagrams to this socket may come by", () => {
    const groups = [
      { interface: "eth0", address: "224.0.0.251" },
      { interface: "eth1", address: "224.0.0.252" },
      { interface: "eth0", address: "ff02::fb" },
    ];
    const of = (address: string, parts: Parameters<typeof internet>[2] = {}) =>
      reachReport(
        internet(address, 5353, { transport: "udp", state: "close", ...parts }),
        explainInput("/nonexistent", [], netnsFacts(HOST, { groups })),
      )!.groups.map(({ interface: name, address }) => `${address}%${name}`);
    const [four, other, six] = ["224.0.0.251%eth0", "224.0.0.252%eth1", "ff02::fb%eth0"];
    expect(of("0.0.0.0")).toEqual([four!, other!]);
    expect(of("::", { v6only: false })).toEqual([four!, other!, six!]);
    expect(of("::", { v6only: true })).toEqual([six!]);
    expect(of("224.0.0.252")).toEqual([other!]);
    expect(of("192.168.1.5")).toEqual([]);
    expect(of("0.0.0.0", { local: { address: "0.0.0.0", port: 5353, interface: "eth0" } }))
      .toEqual([four!]);
    expect(of("0.0.0.0", { transport: "tcp", state: "listen" })).toEqual([]);
  });

  test("a container's port is published by the docker-proxy that forwards to it", () => {
    using tree = procTree({
      "20/stat": statFile(20, "docker-proxy"),
      "20/cmdline": proxyLine(PROXY),
      "21/stat": statFile(21, "docker-proxy"),
      "21/cmdline": proxyLine(PROXY.replace("0.0.0.0", "127.0.0.1").replace("8080", "9090")),
      // Another port, another container, another program.
      "22/stat": statFile(22, "docker-proxy"),
      "22/cmdline": proxyLine(PROXY.replace("-container-port 80", "-container-port 81")),
      "23/stat": statFile(23, "docker-proxy"),
      "23/cmdline": proxyLine(PROXY.replace("172.17.0.2", "172.17.0.3")),
      "24/stat": statFile(24, "sh"),
      "24/cmdline": proxyLine(PROXY),
    });
    const facts = netnsFacts({ lo: ["127.0.0.1"], eth0: ["172.17.0.2"] }, { enclosed: true });
    const report = reachReport(internet("0.0.0.0", 80), explainInput(tree.path, [], facts))!;
    expect(report.scope).toBe("container");
    expect(report.published).toEqual([
      {
        via: "docker-proxy",
        address: null,
        ports: { first: 8080, last: 8080 },
        conditional: false,
        pid: 20,
      },
      {
        via: "docker-proxy",
        address: "127.0.0.1",
        ports: { first: 9090, last: 9090 },
        conditional: false,
        pid: 21,
      },
    ]);
    // Without rules that could be read it is not certain that a port is not published.
    expect(reachReport(internet("0.0.0.0", 82), explainInput(tree.path, [], facts))!.published)
      .toBeNull();
  });

  test("a unix socket whose file is not known keeps the scope of its family", () => {
    const report = reachReport(unix({ path: "/run/a" }), explainInput("/nonexistent"))!;
    expect(report).toMatchObject({ scope: "host", addresses: null, file: null, published: [] });
  });
});

test("a docker-proxy among the owners forwards to the address of the container", () => {
  using tree = procTree({
    "20/stat": statFile(20, "docker-proxy"),
    "20/cmdline": proxyLine(PROXY),
    "21/stat": statFile(21, "nginx"),
    "21/cmdline": proxyLine("nginx -container-ip 1.2.3.4 -container-port 5 -host-port 6"),
    "22/stat": statFile(22, "docker-proxy"),
    "22/cmdline": proxyLine("/usr/bin/docker-proxy -proto tcp -host-port x"),
  });
  const { facts } = explainInput(tree.path);
  const socket = internet("0.0.0.0", 8080);
  const forward = (...pids: number[]) => forwardOf(pids.map((pid) => facts.get(pid)), socket);
  expect(forward(21, 20)).toEqual({ address: "172.17.0.2", port: 80 });
  expect(forward(21, 22)).toBeNull();
  expect(forwardOf([facts.get(20)], { ...socket, transport: "udp" })).toBeNull();
});
