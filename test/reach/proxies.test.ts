/**
 * Programs that forward ports, by their arguments; and virtual services of IPVS as the kernel writes them.
 */
import { describe, expect, test } from "bun:test";
import { fateOfMissing } from "../../src/commands/explain/forwards.ts";
import { hasChildInside, mayForward, parseProxies, slirpTarget } from "../../src/reach/proxies.ts";
import type { LinkAddress } from "../../src/reach/interfaces.ts";

const cmdline = (line: string) => new TextEncoder().encode(line.replaceAll(" ", "\0") + "\0");
const proxies = (line: string) => parseProxies(cmdline(line));

describe("a proxy", () => {
  test("of docker says where it leads", () => {
    const words =
      "-proto tcp -host-ip 0.0.0.0 -host-port 8081 -container-ip 172.17.0.2 -container-port 80 -use-listen-fd";
    const expected = {
      via: "docker-proxy",
      protocol: "tcp",
      hostAddress: null,
      hostPort: 8081,
      address: "172.17.0.2",
      port: 80,
      netns: null,
    } as const;
    expect(proxies(`/usr/bin/docker-proxy ${words}`)).toEqual([expected]);
    expect(proxies(`rootlesskit-docker-proxy ${words}`)).toEqual([expected]);
    expect(proxies(`/usr/bin/docker-proxy ${words.replace("8081", "x")}`)).toEqual([]);
    expect(proxies("docker-proxy -host-port")).toEqual([]);
    expect(proxies(`/usr/bin/other ${words}`)).toEqual([]);
  });

  test("has a name that the kernel cuts at 15 bytes", () => {
    const may = (comm: string) => mayForward(new TextEncoder().encode(comm.slice(0, 15)));
    for (
      const name of ["docker-proxy", "rootlesskit-docker-proxy", "pasta", "pasta.avx2", "passt"]
    ) {
      expect([name, may(name)]).toEqual([name, true]);
    }
    expect(may("nginx")).toBe(false);
    expect(mayForward(null)).toBe(false);
  });

  test("of podman is pasta with its ports and its namespace", () => {
    const found = proxies(
      "/usr/bin/pasta --config-net -t 127.0.0.1/8080-8081:80-81 -u none --dns-forward 10.0.0.1 --netns /run/user/1000/netns/netns-5",
    );
    const netns = { path: "/run/user/1000/netns/netns-5" };
    const one = {
      via: "pasta",
      protocol: "tcp",
      hostAddress: "127.0.0.1",
      address: null,
      netns,
    } as const;
    expect(found).toEqual([
      { ...one, hostPort: 8080, port: 80 },
      { ...one, hostPort: 8081, port: 81 },
    ]);
    expect(proxies("pasta --tcp-ports=22,53:5353 -u 53 1234")).toEqual([
      { ...one, hostAddress: null, hostPort: 22, port: 22, netns: { pid: 1234 } },
      { ...one, hostAddress: null, hostPort: 53, port: 5353, netns: { pid: 1234 } },
      { ...one, protocol: "udp", hostAddress: null, hostPort: 53, port: 53, netns: { pid: 1234 } },
    ]);
    expect(proxies("pasta -t auto,99999,8080:0 1234")).toEqual([]);
  });

  test("of slirp4netns names a process inside", () => {
    expect(slirpTarget(cmdline("/usr/bin/slirp4netns --disable-host-loopback -c -r 3 1234 tap0")))
      .toBe(1234);
    expect(slirpTarget(cmdline("slirp4netns tap0"))).toBeNull();
    expect(slirpTarget(cmdline("other 1234 tap0"))).toBeNull();
    expect(hasChildInside("rootlessport")).toBe("rootlessport");
    expect(hasChildInside("bash")).toBeNull();
  });
});

test("of an address that nothing has it is said whether it should be here", () => {
  const own = [{ addresses: [{ address: "172.17.0.1", prefix: 16 } as LinkAddress] }];
  expect(fateOfMissing("172.17.0.9", own, true)).toBe("gone");
  expect(fateOfMissing("172.18.0.9", own, true)).toBe("remote");
  expect(fateOfMissing("fd00::9", own, true)).toBe("remote");
  expect(fateOfMissing(null, own, true)).toBe("remote");
  expect(fateOfMissing("172.17.0.9", own, false)).toBe("unknown");
});
