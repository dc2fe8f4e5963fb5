import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hosts } from "../../src/etc/hosts.ts";
import { Protocols, Services } from "../../src/etc/services.ts";

/** Runs with a file of this content; it is gone afterwards. */
function withFile<T>(content: string, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, content);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SERVICES = `# comment
ssh   22/tcp   # login
domain 53/udp nameserver
domain 53/tcp
shell 514/tcp cmd
syslog 514/udp
late 22/tcp
bad line/here
nothing
`;

test("a port has a name under its protocol, the first in the file", () => {
  withFile(SERVICES, (path) => {
    const services = new Services(path);
    expect(services.name(22, "tcp")).toBe("ssh");
    expect(services.name(22, "udp")).toBeNull();
    expect(services.name(514, "udp")).toBe("syslog");
    expect(services.name(514, "tcp")).toBe("shell");
    expect(services.name(22, null)).toBe("ssh");
  });
});

test("a service has a port, by its aliases as well", () => {
  withFile(SERVICES, (path) => {
    const services = new Services(path);
    expect(services.port("nameserver", "udp")).toBe(53);
    expect(services.port("cmd", "tcp")).toBe(514);
    expect(services.port("cmd", "udp")).toBeNull();
  });
});

test("without the files nothing has a name", () => {
  expect(new Services("/does/not/exist").name(22, "tcp")).toBeNull();
  expect(new Protocols("/does/not/exist").name(6)).toBeNull();
  expect(new Hosts("/does/not/exist").name("127.0.0.1")).toBeNull();
});

test("a protocol number has a name", () => {
  withFile("ip 0 IP # internet\nicmp\t1\tICMP\nipv6-icmp 58\n", (path) => {
    const protocols = new Protocols(path);
    expect(protocols.name(1)).toBe("icmp");
    expect(protocols.name(58)).toBe("ipv6-icmp");
    expect(protocols.name(2)).toBeNull();
  });
});

test("an address has the first name of its first line, however the line writes it", () => {
  const text =
    "127.0.0.1 localhost alias\n127.0.0.1 other\n0:0:0:0:0:0:0:1 ip6-localhost # x\nnot.an.address y\n";
  withFile(text, (path) => {
    const hosts = new Hosts(path);
    expect(hosts.name("127.0.0.1")).toBe("localhost");
    expect(hosts.name("::1")).toBe("ip6-localhost");
    expect(hosts.name("127.0.0.2")).toBeNull();
    expect(hosts.addresses("alias").map((bytes) => [...bytes])).toEqual([[127, 0, 0, 1]]);
  });
});
