/**
 * The address grammar of `-i`.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LsofError } from "../../../../src/tools/lsof/arguments/error.ts";
import { parseInternet } from "../../../../src/tools/lsof/arguments/internet.ts";
import type { LsofLookups } from "../../../../src/tools/lsof/query.ts";
import { runs } from "../../../support/runs.ts";

const PORTS: Readonly<Record<string, number>> = {
  "http/tcp": 80,
  "domain/tcp": 53,
  "domain/udp": 53,
  "odd/tcp": 1,
  "odd/udp": 2,
};
const lookups: LsofLookups = {
  service: (name, protocol) => PORTS[`${name}/${protocol}`] ?? null,
  addresses: (name) =>
    name === "both"
      ? [{ version: 4, address: "10.0.0.1" }, { version: 6, address: "fd00::1" }]
      : name === "four"
      ? [{ version: 4, address: "10.0.0.2" }]
      : [],
  user: () => null,
};

function items(text: string, inherited: 4 | 6 | null = null) {
  const parsed = parseInternet(text, inherited, lookups);
  if (parsed.kind !== "items") throw new Error("a version alone");
  return parsed.items.map(({ argument: _, ...rest }) => rest);
}

const any = { version: null, protocol: null, address: null, ports: null } as const;

describe("parseInternet()", () => {
  test("takes each part alone and all together", () => {
    expect(parseInternet("4", null, lookups)).toEqual({ kind: "version", version: 4 });
    expect(items("TCP")).toEqual([{ ...any, protocol: "tcp" }]);
    expect(items("udpLITE")).toEqual([{ ...any, protocol: "udplite" }]);
    expect(items("@1.2.3.4")).toEqual([{ ...any, version: 4, address: "1.2.3.4" }]);
    expect(items("@[fd00::1]")).toEqual([{ ...any, version: 6, address: "fd00::1" }]);
    expect(items(":80")).toEqual([{ ...any, ports: { first: 80, last: 80 } }]);
    expect(items("4tcp@1.2.3.4:80")).toEqual([
      { version: 4, protocol: "tcp", address: "1.2.3.4", ports: { first: 80, last: 80 } },
    ]);
  });

  test("takes addresses that leave numbers out, as inet_aton(3) does, and nothing in hexadecimal", () => {
    const address = (text: string) => items(text).map(({ version, address }) => [version, address]);
    expect(address("@127.1")).toEqual([[4, "127.0.0.1"]]);
    expect(address("@127.0.258:80")).toEqual([[4, "127.0.1.2"]]);
    expect(address("@2130706433")).toEqual([[4, "127.0.0.1"]]);
    expect(address("@0177.1")).toEqual([[4, "127.0.0.1"]]);
    expect(address("@0:22")).toEqual([[4, null]]);
    for (
      const wrong of ["@127.256.1", "@0x7f.1", "@127.", "@1.2.3.4.5", "@4294967296", "6@127.1"]
    ) {
      expect(() => items(wrong)).toThrow("unknown host name");
    }
  });

  test("lists ports, ranges and services", () => {
    const ports = (text: string) => items(text).map(({ ports }) => [ports!.first, ports!.last]);
    expect(ports(":1,2-3,http,4-domain")).toEqual([[1, 1], [2, 3], [80, 80], [4, 53]]);
    expect(ports(":70000")).toEqual([[70000, 70000]]);
    expect(ports("TCP:80,")).toEqual([[80, 80]]);
    expect(ports("tcp:odd")).toEqual([[1, 1]]);
  });

  test("a version that came before is taken over", () => {
    expect(items("TCP:1", 6)[0]!.version).toBe(6);
    expect(() => items("@1.2.3.4", 6)).toThrow("IPv4 addresses are prohibited: -i @1.2.3.4");
  });

  test("a mapped address is the IPv4 address, a wildcard restricts nothing", () => {
    expect(items("@[::ffff:1.2.3.4]")).toEqual([{ ...any, version: 4, address: "1.2.3.4" }]);
    expect(items("tcp@0.0.0.0")).toEqual([{ ...any, version: 4, protocol: "tcp" }]);
  });

  test("a name stands for all its addresses, IPv6 first", () => {
    expect(items("@both").map(({ address }) => address)).toEqual(["fd00::1", "10.0.0.1"]);
    expect(items("4@both").map(({ address }) => address)).toEqual(["10.0.0.1"]);
    expect(() => items("6@four")).toThrow("unknown host name (four) in: -i 6@four");
  });

  test("says what is wrong in the original's words", () => {
    const wrong: readonly (readonly [text: string, message: string])[] = [
      ["46", "unknown protocol name (6) in: -i 46"],
      ["raw", "unknown protocol name (raw) in: -i raw"],
      ["@", "unacceptable Internet address in: -i @"],
      ["@:80", "unacceptable Internet address in: -i @:80"],
      ["@[::]", "unacceptable Internet address in: -i @[::]"],
      ["@[::1", "unacceptable Internet address in: -i @[::1"],
      ["@[1.2.3.4]", "unacceptable Internet address in: -i @[1.2.3.4]"],
      ["@0.0.0.0", "incomplete Internet address specification: -i @0.0.0.0"],
      ["@*", "unknown host name (*) in: -i @*"],
      ["@256.1.1.1", "unknown host name (256.1.1.1) in: -i @256.1.1.1"],
      ["TCP:", "unacceptable port specification in: -i TCP:"],
      [":80-", "unacceptable port specification in: -i :80-"],
      [":90-80", "unacceptable port specification in: -i :90-80"],
      [":80x", "unacceptable port specification in: -i :80x"],
      [":1-2-3", "unacceptable port specification in: -i :1-2-3"],
      ["@[::1]x", "unacceptable port specification in: -i @[::1]x"],
      [":,80", "invalid service name: -i :,80"],
      [":http-90", "unknown service http-90 in: -i :http-90"],
      ["udp:http", "unknown service http for udp in: -i udp:http"],
      [":odd", 'TCP=1 and UDP=2 odd ports conflict; specify "tcp:odd" or "udp:odd": -i :odd'],
      ["6@1.2.3.4", "IPv4 addresses are prohibited: -i 6@1.2.3.4"],
      ["4@[::1]", "IPv6 addresses are prohibited: -i 4@[::1]"],
    ];
    for (const [text, message] of wrong) expect(() => items(text), text).toThrow(message);
  });

  test("any text is an address or an LsofError", () => {
    const piece = fc.constantFrom(..."46@:[]-,.^x", "tcp", "UDP", "http", "both", "::1", "1", "80");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(null, 4, 6), (parts, ip) => {
        try {
          const parsed = parseInternet(parts.join(""), ip, lookups);
          if (parsed.kind === "version") return;
          expect(parsed.items.length).toBeGreaterThan(0);
          for (const { ports, address, protocol, version } of parsed.items) {
            if (ports !== null) expect(ports.first).toBeLessThanOrEqual(ports.last);
            if (address !== null) expect(version).toBe(address.includes(":") ? 6 : 4);
            if (ports === null && address === null) expect(protocol).not.toBeNull();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(LsofError);
        }
      }),
      runs(3000),
    );
  });
});
