/**
 * Files of /proc/sys: ranges and lists of ports, numbers.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { ProcRoot } from "../../src/proc/root.ts";
import {
  openFiles,
  parsePortList,
  parsePortRange,
  readLocalPortRange,
  readReservedPorts,
  readSysctl,
  readUnprivilegedPortStart,
} from "../../src/proc/sysctl.ts";
import { procTree } from "../support/proc_tree.ts";

test("a range of ports is two numbers and nothing else", () => {
  expect(parsePortRange("32768\t60999\n")).toEqual({ first: 32768, last: 60999 });
  expect(parsePortRange(" 1 2")).toEqual({ first: 1, last: 2 });
  for (const odd of ["", "32768", "1 2 3", "1 123456", "-1 2", "x 1 2"]) {
    expect(parsePortRange(odd)).toBeNull();
  }
});

test("a list of ports has single ones and ranges, as the kernel writes them", () => {
  expect(parsePortList("8080,40000-40010\n")).toEqual([
    { first: 8080, last: 8080 },
    { first: 40000, last: 40010 },
  ]);
  expect(parsePortList("\n")).toEqual([]);
  expect(parsePortList("123456,7-,8-9-10,80")).toEqual([{ first: 80, last: 80 }]);
});

test("what the files say is read, and what is missing is nothing", () => {
  using tree = procTree({
    "sys/net/ipv4/ip_local_port_range": "1024\t65535\n",
    "sys/net/ipv4/ip_local_reserved_ports": "22\n",
    "sys/net/ipv4/ip_unprivileged_port_start": "1024\n",
    "sys/fs/file-nr": "3040\t0\t9223372036854775807\n",
    "sys/kernel/osrelease": "6.8.0\n",
  });
  const root = new ProcRoot(tree.path);
  expect(readLocalPortRange(root)).toEqual({ first: 1024, last: 65535 });
  expect(readReservedPorts(root)).toEqual([{ first: 22, last: 22 }]);
  expect(readUnprivilegedPortStart(root)).toBe(1024);
  expect(openFiles(root)).toBe(3040);
  expect(readSysctl(root, "kernel/osrelease")).toBe("6.8.0");
  const nothing = new ProcRoot(`${tree.path}/nowhere`);
  expect([readLocalPortRange, readUnprivilegedPortStart, openFiles].map((read) => read(nothing)))
    .toEqual([null, null, null]);
  expect(readReservedPorts(nothing)).toEqual([]);
});
