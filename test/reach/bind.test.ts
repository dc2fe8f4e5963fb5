/**
 * What a bound address means among given links and addresses.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import type { InternetEndpoint } from "../../src/model/socket.ts";
import { resolveReach } from "../../src/reach/bind.ts";
import { type InterfaceTable, isEnclosed, type Link } from "../../src/reach/interfaces.ts";

function link(index: number, name: string, more: Partial<Link> = {}): Link {
  return {
    index,
    name,
    up: true,
    carrier: true,
    loopback: name === "lo",
    master: null,
    kind: null,
    peerElsewhere: false,
    ...more,
  };
}

const LO = link(1, "lo");
const ETH0 = link(2, "eth0");
const ETH1 = link(3, "eth1", { up: false });
const BLUE = link(4, "blue", { kind: "vrf" });
const MEMBER = link(5, "eth2", { master: 4 });

const at = (link: Link, address: string, prefix = 24) => ({
  link,
  address,
  prefix,
  version: address.includes(":") ? 6 as const : 4 as const,
});

const HOST: InterfaceTable = {
  links: [LO, ETH0, ETH1, BLUE, MEMBER],
  addresses: [
    at(LO, "127.0.0.1", 8),
    at(ETH0, "10.0.0.5"),
    at(ETH1, "8.8.8.8"),
    at(MEMBER, "9.9.9.9"),
    at(LO, "::1", 128),
    at(ETH0, "fe80::5", 64),
  ],
  enclosed: false,
  vrfAccept: new Set(),
};

function reach(local: Partial<InternetEndpoint>, more: Record<string, unknown> = {}, where = HOST) {
  const address = local.address ?? "0.0.0.0";
  return resolveReach({
    transport: "tcp",
    family: address.includes(":") ? "inet6" : "inet",
    v6only: null,
    local: { address, port: 80, interface: null, ...local },
    ...more,
  }, where);
}

const addresses = (resolved: ReturnType<typeof reach>) =>
  resolved.reachableAddresses?.map(({ address }) => address);

describe("a wildcard", () => {
  test("is the addresses of the interfaces that are up, and reaches as far as the widest", () => {
    const resolved = reach({});
    expect(resolved.scope).toBe("private");
    expect(addresses(resolved)).toEqual(["127.0.0.1", "10.0.0.5"]);
  });

  test("of a dual-stack socket takes IPv4 in, of a v6-only one not", () => {
    const dual = reach({ address: "::" }, { v6only: false });
    expect(addresses(dual)).toEqual(["127.0.0.1", "10.0.0.5", "::1", "fe80::5"]);
    expect(dual.reachableAddresses!.filter(({ mapped }) => mapped).length).toBe(2);
    expect(dual.reasons).toContain("IPv4 as well: not v6-only");
    const only = reach({ address: "::" }, { v6only: true });
    expect(addresses(only)).toEqual(["::1", "fe80::5"]);
    expect(only.scope).toBe("link_local");
  });

  test("that is mapped IPv4 takes no IPv6", () => {
    expect(addresses(reach({ address: "::ffff:0.0.0.0" }, { v6only: false })))
      .toEqual(["127.0.0.1", "10.0.0.5"]);
  });

  test("bound to a device is that device's addresses", () => {
    const resolved = reach({ interface: "lo" });
    expect(resolved.scope).toBe("loopback");
    expect(addresses(resolved)).toEqual(["127.0.0.1"]);
    expect(resolved.reasons).toContain("through interface lo only");
  });

  test("does not serve the members of a VRF, unless the kernel is told so", () => {
    expect(reach({}).reasons.join()).toContain("not through VRF blue");
    const accepting = { ...HOST, vrfAccept: new Set(["tcp"]) };
    expect(addresses(reach({}, {}, accepting))).toContain("9.9.9.9");
    expect(reach({}, {}, accepting).scope).toBe("public");
    expect(addresses(reach({}, { transport: "udp" }, accepting))).not.toContain("9.9.9.9");
  });

  test("bound to a VRF serves its members", () => {
    const resolved = reach({ interface: "blue" });
    expect(addresses(resolved)).toEqual(["9.9.9.9"]);
    expect(resolved.scope).toBe("public");
  });

  test("where nothing is up reaches nobody, and that is said", () => {
    const none = { ...HOST, addresses: [at(ETH1, "8.8.8.8")] };
    expect(reach({}, {}, none).scope).toBe("unknown");
    expect(reach({}, {}, none).reasons[0]).toContain("no interface that is up");
  });

  test("stays what it is where the addresses cannot be read", () => {
    const resolved = resolveReach({
      transport: "tcp",
      family: "inet",
      v6only: null,
      local: { address: "0.0.0.0", port: 80, interface: null },
    }, null);
    expect(resolved.scope).toBe("any");
    expect(resolved.reachableAddresses).toBeNull();
  });
});

describe("an address", () => {
  test("that no interface has is told", () => {
    const resolved = reach({ address: "10.9.9.9" });
    expect(resolved.reasons).toContain("no interface has this address now");
    expect(resolved.reachableAddresses).toEqual([]);
  });

  test("of an interface that is off is told", () => {
    expect(reach({ address: "8.8.8.8" }).reasons).toContain("eth1 is switched off");
  });

  test("in 127.0.0.0/8 belongs to lo, listed or not", () => {
    expect(reach({ address: "127.5.5.5" }).reachableAddresses!.map((way) => way.interface)).toEqual(
      ["lo"],
    );
  });

  test("that is private inside an enclosure is the enclosure's, a public one is public", () => {
    const inside = {
      ...HOST,
      enclosed: true,
      addresses: [at(ETH0, "172.17.0.2"), at(ETH0, "9.9.9.9")],
    };
    expect(reach({ address: "172.17.0.2" }, {}, inside).scope).toBe("container");
    expect(reach({ address: "9.9.9.9" }, {}, inside).scope).toBe("public");
    expect(reach({}, {}, { ...inside, addresses: [at(ETH0, "172.17.0.2")] }).scope)
      .toBe("container");
  });
});

test("links tell an enclosure where /proc does not: all that are up end elsewhere", () => {
  const veth = link(2, "eth0", { kind: "veth", peerElsewhere: true });
  expect(isEnclosed([LO, veth], null)).toBe(true);
  expect(isEnclosed([LO, veth, ETH0], null)).toBe(false);
  expect(isEnclosed([LO], null)).toBe(false);
  expect(isEnclosed([LO, veth], true)).toBe(false);
  expect(isEnclosed([ETH0], false)).toBe(true);
});
