import { expect, test } from "bun:test";
import { evaluate } from "../../../../src/filter/mod.ts";
import { parseSsFilter } from "../../../../src/tools/ss/filter/parser.ts";
import { AF_INET, AF_INET6, AF_NETLINK } from "../../../../src/model/address_family.ts";
import { subject } from "../../../filter/subjects.ts";

/** A netlink socket of this protocol, which stands where others have their address. */
const netlink = (protocol: number) => ({
  ...subject({ family: AF_NETLINK }),
  sourceWord: (index: number) => index === 0 ? protocol : 0,
});
const matches = (filter: string, socket: ReturnType<typeof subject>) =>
  evaluate(parseSsFilter(filter.split(" ")).expr!, socket, "ss");

test("an internet address is compared with whatever stands there in memory", () => {
  expect(matches("src 10.0.0.0/8", netlink(10))).toBe(true);
  expect(matches("src 10.0.0.0", netlink(10))).toBe(true);
  expect(matches("src 0.0.0.10", netlink(10))).toBe(false);
  expect(matches("src 10.0.0.0/8", netlink(12))).toBe(false);
});

test("a protocol is compared as a number", () => {
  expect(matches("src netlink:10", netlink(10))).toBe(true);
  expect(matches("src netlink:10", netlink(12))).toBe(false);
});

test("internet addresses are what they are", () => {
  expect(matches("src 10.0.0.0/8", subject({ family: AF_INET, src: "10.1.2.3" }))).toBe(true);
  expect(matches("src 0.0.0.0", subject({ family: AF_INET6, src: "::1" }))).toBe(true);
});
