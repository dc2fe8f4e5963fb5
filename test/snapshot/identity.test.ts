import { describe, expect, test } from "bun:test";
import { identify, isService, shortId, stableUnit } from "../../src/snapshot/identity.ts";
import { owner, snapshot, socket } from "../audit/documents.ts";

const { host } = snapshot([]);
const key = (parts: Parameters<typeof socket>) => identify(socket(...parts), host).key;

describe("identify()", () => {
  test("names a service by namespace, transport, address and port", () => {
    expect(key(["0.0.0.0", 22])).toBe("host tcp 0.0.0.0:22");
    expect(key(["::1", 80])).toBe("host tcp [::1]:80");
    expect(
      key(["fe80::1", 53, {
        transport: "udp",
        local: { address: "fe80::1", port: 53, interface: "eth0" },
      }]),
    ).toBe("host udp [fe80::1%eth0]:53");
  });

  test("holds no process ID, inode or namespace number", () => {
    const other = {
      owners: [owner({ pid: 7, fds: [9] })],
      inode: 1,
      netns: { inode: 1000, name: null },
    };
    expect(key(["0.0.0.0", 22, other])).toBe(key(["0.0.0.0", 22]));
  });

  test("holds no port that the kernel picked, but who asked for it", () => {
    expect(key(["0.0.0.0", 40123])).toBe("host tcp 0.0.0.0:ephemeral /usr/sbin/nginx");
    expect(key(["0.0.0.0", 40999])).toBe(key(["0.0.0.0", 40123]));
    expect(key(["0.0.0.0", 40123, { owners: [owner({ exe: "/usr/sbin/other" })] }]))
      .not.toBe(key(["0.0.0.0", 40123]));
  });

  test("uses the host's own range of ports", () => {
    const narrow = { ...host, ephemeral_ports: { first: 50000, last: 50010 } };
    expect(identify(socket("0.0.0.0", 40123), narrow).ephemeral).toBe(false);
    expect(identify(socket("0.0.0.0", 50010), narrow).ephemeral).toBe(true);
    expect(identify(socket("0.0.0.0", 40123), { ...host, ephemeral_ports: null }).ephemeral)
      .toBe(true);
  });

  test("tells namespaces by what outlives them", () => {
    const elsewhere = { netns: { inode: 2000, name: null } };
    expect(key(["0.0.0.0", 80, elsewhere])).toBe("other tcp 0.0.0.0:80");
    expect(key(["0.0.0.0", 80, { netns: { inode: 2000, name: "blue" } }]))
      .toBe("name:blue tcp 0.0.0.0:80");
    const container = { id: "f".repeat(64), runtime: "docker", name: "web" };
    expect(key(["0.0.0.0", 80, { ...elsewhere, owners: [owner({ container })] }]))
      .toBe("container:web tcp 0.0.0.0:80");
  });

  test("takes its maker's process ID out of a unix path", () => {
    const unix = socket("0.0.0.0", 1, {
      family: "unix",
      transport: "stream",
      local: { path: "/run/agent.4711.sock" },
      owners: [owner({ pid: 4711 })],
    });
    expect(identify(unix, host).key).toBe("host unix-stream /run/agent.PID.sock");
  });

  test("gives the short form that the key determines", () => {
    const id = shortId(key(["0.0.0.0", 22]));
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    expect(id).toBe(shortId(key(["0.0.0.0", 22, { inode: 9 }])));
    expect(id).not.toBe(shortId(key(["0.0.0.0", 23])));
  });
});

describe("isService()", () => {
  test("takes what can be talked to and leaves connections out", () => {
    const peer = { address: "10.0.0.1", port: 5, interface: null };
    expect(isService(socket("0.0.0.0", 22))).toBe(true);
    expect(isService(socket("0.0.0.0", 22, { state: "established", peer }))).toBe(false);
    expect(isService(socket("0.0.0.0", 22, { state: "bound_inactive" }))).toBe(false);
    expect(isService(socket("0.0.0.0", 53, { transport: "udp" }))).toBe(true);
    expect(isService(socket("0.0.0.0", 53, { transport: "udp", state: "established", peer })))
      .toBe(false);
  });

  test("leaves out unix sockets without a name, and with one that the kernel made", () => {
    const unix = (local: { path?: string; name?: string }) =>
      isService(socket("0.0.0.0", 1, {
        family: "unix",
        transport: "stream",
        state: "listen",
        local,
      }));
    expect(unix({ path: "/run/x" })).toBe(true);
    expect(unix({ name: "/tmp/.X11-unix/X0" })).toBe(true);
    expect(unix({})).toBe(false);
    expect(unix({ name: "000a3" })).toBe(false);
  });
});

test("stableUnit() takes out the numbers that systemd makes up", () => {
  expect(stableUnit("session-12.scope")).toBe("session-N.scope");
  expect(stableUnit("session-c3.scope")).toBe("session-N.scope");
  expect(stableUnit("run-r1f2e3d.service")).toBe("run-N.service");
  expect(stableUnit("ssh.service")).toBe("ssh.service");
  expect(stableUnit("user@1000.service")).toBe("user@1000.service");
  expect(stableUnit(null)).toBeNull();
});
