/**
 * The grammar of targets.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  looksLikeTarget,
  parseTarget,
  parseTargets,
  TargetError,
} from "../../../src/commands/explain/target.ts";
import { Hosts } from "../../../src/etc/hosts.ts";
import { Services } from "../../../src/etc/services.ts";

const none = {
  services: new Services("/there/is/none"),
  hosts: new Hosts("/there/is/none"),
  isPrinted: (text: string) => text === "route:kernel",
};
const port = (
  transport: string | null,
  address: string | null,
  number: number,
  zone: string | null = null,
) => ({ kind: "port", transport, address, interface: zone, port: number });

describe("a target", () => {
  const cases: [string, Record<string, unknown>][] = [
    ["8080", port(null, null, 8080)],
    ["tcp/8080", port("tcp", null, 8080)],
    ["53/udp", port("udp", null, 53)],
    ["localhost:http", { ...port(null, "127.0.0.1", 80), also: ["::1"] }],
    ["nginx.service", { kind: "unit", unit: "nginx.service" }],
    ["unit:nginx", { kind: "unit", unit: "nginx.service" }],
    ["unit:user@1000.service", { kind: "unit", unit: "user@1000.service" }],
    ["container:web", { kind: "container", container: "web" }],
    ["[12345]", { kind: "inode", inode: 12345 }],
    ["route:kernel", { kind: "endpoint" }],
    ["udp:53", port("udp", null, 53)],
    [":http", port(null, null, 80)],
    ["tcp:https", port("tcp", null, 443)],
    ["*:80", { ...port(null, null, 80), anyFamily: true }],
    ["10.0.0.1:53", port(null, "10.0.0.1", 53)],
    ["udp/10.0.0.1:53", port("udp", "10.0.0.1", 53)],
    ["[::1]:5432", port(null, "::1", 5432)],
    ["tcp:[FE80::1]:22", port("tcp", "fe80::1", 22)],
    ["[fe80::1%eth0]:22", port(null, "fe80::1", 22, "eth0")],
    ["[fe80::1]%eth0:22", port(null, "fe80::1", 22, "eth0")],
    ["tcp/[::%eth0]:22", port("tcp", "::", 22, "eth0")],
    ["127.0.0.53%lo:53", port(null, "127.0.0.53", 53, "lo")],
    ["0.0.0.0%br-3f:179", port(null, "0.0.0.0", 179, "br-3f")],
    ["*%2:80", port(null, null, 80, "2")],
    ["/run/app.sock", { kind: "unix", path: "/run/app.sock" }],
    ["unix:/run/app.sock", { kind: "unix", path: "/run/app.sock" }],
    ["unix:@name", { kind: "abstract", name: "name" }],
    ["@abstract name", { kind: "abstract", name: "abstract name" }],
    ["pid:80", { kind: "pid", pid: 80 }],
    ["inode:12345", { kind: "inode", inode: 12345 }],
    ["process:nginx: worker", { kind: "process", name: "nginx: worker" }],
  ];
  for (const [text, expected] of cases) {
    test(`${text} is understood`, () => {
      expect(parseTarget(text, none)).toEqual({ ...expected, text } as never);
    });
  }

  const wrong: [string, string][] = [
    ["", "empty"],
    ["0", "not a port"],
    ["65536", "not a port"],
    [":nosuch", "no service"],
    ["nosuch", "there is no such service"],
    ["300.0.0.1:80", "not an address"],
    ["::1:80", "brackets"],
    ["[::1]", "port is missing"],
    ["10.0.0.1", "port is missing"],
    ["[]:80", "not an address"],
    ["[fe80::1%eth0]", "port is missing"],
    ["127.0.0.53%lo", "port is missing"],
    ["fe80::1%eth0:22", "brackets"],
    ["[fe80::1%]:22", "interface is missing"],
    ["tcp:", "port is missing"],
    ["@", "missing"],
    ["pid:0", "positive"],
    ["pid:x", "positive"],
    ["inode:", "nothing follows"],
    ["ftp/80", "no transport"],
    ["80/ftp", "no transport"],
    ["nohost:80", "nor a name in /etc/hosts"],
  ];
  for (const [text, problem] of wrong) {
    test(`${JSON.stringify(text)} is refused, and said why`, () => {
      expect(() => parseTarget(text, none)).toThrow(TargetError);
      expect(() => parseTarget(text, none)).toThrow(problem);
    });
  }

  test("may be a list of ports", () => {
    expect(parseTargets("80,443", none)).toEqual([
      { ...port(null, null, 80), text: "80" } as never,
      { ...port(null, null, 443), text: "443" } as never,
    ]);
    expect(() => parseTargets("80,0", none)).toThrow("not a port");
  });

  test("of any text is a target or a TargetError", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        expect(parseTarget(text, none).text).toBe(text);
      } catch (error) {
        expect(error).toBeInstanceOf(TargetError);
      }
    }));
  });

  test("is told from commands and flags", () => {
    for (const [text] of cases) expect(looksLikeTarget(text)).toBe(true);
    for (
      const text of [
        "explain",
        "ss",
        "-t",
        "--json",
        "diff",
        "doctor",
        "80x",
        "tcp",
        "nginx",
        "src=10.0.0.1:80",
      ]
    ) {
      expect(looksLikeTarget(text)).toBe(false);
    }
  });
});
