import { expect, test } from "bun:test";
import { EACCES, ENOENT } from "../../../ffi/errno.ts";
import type { SsFiles } from "../../../src/tools/ss/files.ts";
import { writeSummary } from "../../../src/tools/ss/summary.ts";
import { textWriter } from "../../support/text_writer.ts";

const SOCKSTAT = "sockets: used 300\nTCP: inuse 10 orphan 1 tw 4 alloc 13 mem 2\n" +
  "UDP: inuse 3 mem 1\nUDPLITE: inuse 0\nRAW: inuse 2\nFRAG: inuse 0 memory 0\n";
const SOCKSTAT6 =
  "TCP6: inuse 5\nUDP6: inuse 1\nUDPLITE6: inuse 0\nRAW6: inuse 0\nFRAG6: inuse 7 memory 0\n";
const SNMP = "Ip: Forwarding\nIp: 1\nTcp: RtoAlgorithm CurrEstab InSegs\nTcp: 1 6 99\n";

function summary(files: Readonly<Record<string, string | number>>) {
  const [out, err] = [textWriter(), textWriter()];
  writeSummary(
    {
      read: (variable: string) => {
        const content = files[variable] ?? -ENOENT;
        return typeof content === "number" ? content : new TextEncoder().encode(content);
      },
      failure: (variable: string, errno: number) => `${variable}: errno ${errno}`,
    } as unknown as SsFiles,
    out.writer,
    err.writer,
  );
  return { out: out.text(), err: err.text() };
}

test("adds the counters of both versions of IP", () => {
  expect(summary({
    PROC_NET_SOCKSTAT: SOCKSTAT,
    PROC_NET_SOCKSTAT6: SOCKSTAT6,
    PROC_NET_SNMP: SNMP,
  })).toEqual({
    out: [
      "Total: 300",
      // Closed: allocated less those in use, of which the kernel counts TIME-WAIT too.
      "TCP:   17 (estab 6, closed 2, orphaned 1, timewait 4)",
      "",
      "Transport Total     IP        IPv6",
      "RAW\t  2         2         0        ",
      "UDP\t  4         3         1        ",
      "TCP\t  15        10        5        ",
      "INET\t  21        15        6        ",
      "FRAG\t  7         0         7        ",
      "",
      "",
    ].join("\n"),
    err: "",
  });
});

test("a kernel without IPv6 has none of its counters, and that is no error", () => {
  const { out, err } = summary({ PROC_NET_SOCKSTAT: SOCKSTAT, PROC_NET_SNMP: SNMP });
  expect(out).toContain("TCP\t  10        10        0        \n");
  expect(err).toBe("");
});

test("a file that cannot be read is told, and without the first there is no summary", () => {
  const files = { PROC_NET_SOCKSTAT: SOCKSTAT, PROC_NET_SOCKSTAT6: -EACCES, PROC_NET_SNMP: SNMP };
  expect(summary(files).err).toBe("ss: PROC_NET_SOCKSTAT6: errno 13\n");
  const nothing = summary({ PROC_NET_SOCKSTAT: -EACCES });
  expect(nothing.out).toBe("");
  expect(nothing.err).toEndWith("ss: the counters of sockets cannot be read\n");
});

test("a line of another form counts as 0", () => {
  const { out } = summary({
    PROC_NET_SOCKSTAT: "TCP: inuse\nUDP: inuse x\n",
    PROC_NET_SNMP: "Tcp: A\n",
  });
  expect(out).toStartWith("Total: 0\nTCP:   0 (estab 0, closed 0, orphaned 0, timewait 0)\n");
});
