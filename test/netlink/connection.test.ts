import { describe, expect, test } from "bun:test";
import { SyscallError } from "../../ffi/errno.ts";
import {
  AttributeCursor,
  Connection,
  dump,
  MessageBuilder,
  NETLINK_ROUTE,
  NetlinkError,
} from "../../src/netlink/mod.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../../src/netlink/header.ts";

const RTM_GETLINK = 18;
const IFLA_IFNAME = 3;

function linkNames(route: Connection): string[] {
  const names: string[] = [];
  const request = new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP).zeros(16).finish();
  dump(route, request, "list links", {
    message(view, start, end) {
      const attributes = new AttributeCursor(view, start + 16, end);
      while (attributes.next()) {
        if (attributes.type === IFLA_IFNAME) names.push(attributes.string());
      }
    },
    restart() {
      names.length = 0;
    },
  });
  return names;
}

describe("Connection", () => {
  test("lists the links of this namespace", () => {
    const route = new Connection(NETLINK_ROUTE);
    try {
      expect(linkNames(route)).toContain("lo");
    } finally {
      route.close();
    }
  });

  test("serves request after request while the collector runs", () => {
    const route = new Connection(NETLINK_ROUTE);
    try {
      for (let i = 0; i < 50; i++) {
        Bun.gc(true);
        expect(linkNames(route)).toContain("lo");
      }
    } finally {
      route.close();
    }
  });

  test("serves a dump although an earlier one on the socket was never read", () => {
    const route = new Connection(NETLINK_ROUTE);
    try {
      const names = linkNames(route);
      const request = new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP).zeros(16);
      route.send(request.finish());
      // The kernel says EBUSY first: the other dump is still under way.
      expect(linkNames(route)).toEqual(names);
    } finally {
      route.close();
    }
  });

  test("gets a port ID of its own", () => {
    const first = new Connection(NETLINK_ROUTE);
    const second = new Connection(NETLINK_ROUTE);
    expect(first.portId).not.toBe(0);
    expect(first.portId).not.toBe(second.portId);
    first.close();
    second.close();
  });

  test("throws SyscallError for a protocol the kernel does not have", () => {
    expect(() => new Connection(31)).toThrow(SyscallError);
    expect(() => new Connection(31)).toThrow("EPROTONOSUPPORT");
  });

  test("throws the kernel's refusal of a malformed request", () => {
    const route = new Connection(NETLINK_ROUTE);
    try {
      // NLM_F_ACK asks for an answer; type 0x3ff exists nowhere.
      const request = new MessageBuilder(0x3ff, NLM_F_REQUEST | 4).zeros(16).finish();
      expect(() => dump(route, request, "nonsense", { message() {}, restart() {} })).toThrow(
        NetlinkError,
      );
    } finally {
      route.close();
    }
  });
});
