import { describe, expect, test } from "bun:test";
import { EACCES, EIO, ENOENT } from "../../../ffi/errno.ts";
import { AF_INET } from "../../../ffi/socket.ts";
import type { InetRow } from "../../../src/store/inet_row.ts";
import { KeptRows } from "../../../src/tools/netstat/kept_rows.ts";
import type { NetstatQuery } from "../../../src/tools/netstat/query.ts";
import { TableReport } from "../../../src/tools/netstat/report.ts";
import { textWriter } from "../../support/text_writer.ts";

function report(parts: Partial<NetstatQuery>) {
  const { writer, text } = textWriter();
  const query = { protocolsImplied: false, named: false, verbose: false, absent: [], ...parts };
  return { report: new TableReport(query as unknown as NetstatQuery, writer), text };
}

describe("TableReport", () => {
  test("a table that does not exist is an error only where it was asked for by name", () => {
    for (const error of [-ENOENT, -EACCES]) {
      const named = report({ named: true });
      expect(named.report.failed("tcp", "AF INET (tcp)", error)).toBe(1);
      expect(named.text()).toBe("netstat: no support for `AF INET (tcp)' on this system.\n");
    }
    const verbose = report({ verbose: true });
    expect(verbose.report.absent("AF INET (sctp)")).toBe(0);
    expect(verbose.text()).toContain("no support for");
    const implied = report({ named: true, protocolsImplied: true });
    expect(implied.report.absent("AF INET (sctp)")).toBe(0);
    expect(implied.text()).toBe("");
  });

  test("a table that exists and cannot be read is told, with status 255", () => {
    const failed = report({});
    expect(failed.report.failed("tcp", "AF INET (tcp)", -EIO)).toBe(255);
    expect(failed.text()).toBe("netstat: /proc/net/tcp: input/output error\n");
  });

  test("of the old families the first that was asked for ends the run", () => {
    const asked = report({ named: true, absent: ["X25", "ROSE"] });
    expect(asked.report.absentFamilies()).toBe(1);
    expect(asked.text()).toBe("netstat: no support for `AF X25' on this system.\n");
    expect(report({}).report.absentFamilies()).toBe(0);
    expect(report({ named: true, absent: ["BLUETOOTH"] }).report.absentFamilies()).toBe(1);
  });

  test("lines that are not understood are counted, and none is no message", () => {
    const { report: table, text } = report({});
    table.badLines("sctp/eps", 0);
    expect(text()).toBe("");
    table.badLines("sctp/eps", 2);
    expect(text()).toBe("netstat: 2 lines of /proc/net/sctp/eps are not understood\n");
  });
});

describe("KeptRows", () => {
  const socket = (port: number) =>
    ({
      family: AF_INET,
      state: 10,
      sourcePort: port,
      destinationPort: 0,
      sourceWord: () => 0x7f000001,
      destinationWord: () => 0,
      timer: 0,
      retransmits: 0,
      expiresMs: 0,
      ifindex: 0,
      interfaceIndex: 0,
      cookieLow: 1,
      cookieHigh: 0,
      receiveQueue: 0,
      sendQueue: 0,
      uid: 0,
      inode: port,
    }) as unknown as InetRow;

  test("gives sockets back in order, each with its own timer", () => {
    const kept = new KeptRows();
    kept.push(socket(1), { retransmits: 1, probes: 2 });
    kept.push(socket(2), { retransmits: 3, probes: 4 });
    const seen: unknown[] = [];
    kept.forEach((row, facts) => seen.push([row.sourcePort, row.source, facts]));
    expect(seen).toEqual([
      [1, "127.0.0.1", { retransmits: 1, probes: 2 }],
      [2, "127.0.0.1", { retransmits: 3, probes: 4 }],
    ]);
    kept.clear();
    kept.push(socket(3), { retransmits: 0, probes: 0 });
    const after: number[] = [];
    kept.forEach((row) => after.push(row.sourcePort));
    expect(after).toEqual([3]);
  });
});
