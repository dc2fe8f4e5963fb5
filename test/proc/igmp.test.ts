/**
 * Multicast groups of a namespace.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { parseIgmp, parseIgmp6 } from "../../src/proc/igmp.ts";

test("groups of IPv4 belong to the interface above them, without the one of all hosts", () => {
  const text = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n" +
    "1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n" +
    "2\teth0      :     2      V3\n\t\t\t\tFB0000E0     1 0:00000000\t\t0\n\t\t\t\t010000E0     1 0:00000000\t\t0\n";
  expect(parseIgmp(text)).toEqual([{ interface: "eth0", address: "224.0.0.251" }]);
});

test("groups of IPv6 are told without those that the kernel joins by itself", () => {
  const group = (address: string) => `2    eth0            ${address}     1 0000000C 0\n`;
  const text = group("ff0200000000000000000000000000fb") +
    group("ff020000000000000000000000000001") +
    group("ff0200000000000000000001ff000001");
  expect(parseIgmp6(text)).toEqual([{ interface: "eth0", address: "ff02::fb" }]);
});

test("an interface may have a name beyond ASCII", () => {
  const bytes = (text: string) => Buffer.from(text).toString("latin1");
  const v4 = bytes("2\tbr\u00fccke    :     1      V3\n\t\t\t\tFB0000E0     1 0:00000000\t\t0\n");
  expect(parseIgmp(v4)[0]!.interface).toBe("br\u00fccke");
  const v6 = bytes("2    \u6771\u3000x ff0200000000000000000000000000fb     1 0000000C 0\n");
  expect(parseIgmp6(v6)[0]!.interface).toBe("\u6771\u3000x");
});
