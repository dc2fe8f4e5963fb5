import { describe, expect, test } from "bun:test";
import { inetProcTable } from "../../../src/families/inet/proc.ts";
import { InetMessage } from "../../../src/families/inet/message.ts";
import { parseUnixTable } from "../../../src/proc/net_unix.ts";
import { parseSctpAssociations, parseSctpEndpoints } from "../../../src/proc/sctp.ts";
import {
  endpoint,
  plainAddress,
  type RowContext,
  type RowFormat,
} from "../../../src/tools/netstat/rows/internet.ts";
import type { NetstatLayout } from "../../../src/tools/netstat/layout.ts";
import { writeSctpAssociation, writeSctpEndpoint } from "../../../src/tools/netstat/rows/sctp.ts";
import { tcpRows } from "../../../src/tools/netstat/rows/tcp.ts";
import { rawRows, udpRows } from "../../../src/tools/netstat/rows/udp.ts";
import { writeUnix } from "../../../src/tools/netstat/rows/unix.ts";
import { RowBuffer } from "../../../src/text/row_buffer.ts";
import type { Writer } from "../../../src/text/writer.ts";

const PLAIN: NetstatLayout = {
  all: true,
  listening: false,
  extended: false,
  programs: false,
  timers: false,
  wide: false,
};

function context(layout: Partial<NetstatLayout> = {}): RowContext {
  return {
    row: new RowBuffer(),
    layout: { ...PLAIN, ...layout },
    names: {
      numeric: true,
      host: plainAddress,
      port: (port) => port === 0 ? "*" : String(port),
      user: (uid) => String(uid | 0),
      owner: () => "1/init",
    },
  };
}

function written({ row }: RowContext): string {
  let text = "";
  const out = { writeBytes: (bytes: Uint8Array) => text += Buffer.from(bytes).toString("latin1") };
  row.flush(out as unknown as Writer);
  return text;
}

function rows(
  format: RowFormat,
  label: string,
  family: number,
  lines: string,
  layout: Partial<NetstatLayout> = {},
): string {
  const into = context(layout);
  const table = inetProcTable(label, family);
  const message = new InetMessage();
  table.parse(new TextEncoder().encode(`header\n${lines}`), (view, start, end) => {
    message.at(view, start, end);
    if (format.wants(message, into.layout)) format.write(message, label, table, into);
  });
  return written(into);
}

describe("endpoint()", () => {
  test("cuts the address first, and the port to 18 characters", () => {
    expect(endpoint("127.0.0.1", "80", false)).toBe("127.0.0.1:80");
    expect(endpoint("fd00:1234:5678:9abc:def0:1234:5678:9abc", "65000", false))
      .toBe("fd00:1234:5678:9a:65000");
    expect(endpoint("localhost", "afs3-fileserver", false)).toBe("localho:afs3-fileserver");
    expect(endpoint("localhost", "a-service-with-a-long-name", false))
      .toBe("loca:a-service-with-a-l");
  });

  test("cuts nothing in a wide table", () => {
    expect(endpoint("localhost", "a-service-with-a-long-name", true))
      .toBe("localhost:a-service-with-a-long-name");
  });
});

describe("rows", () => {
  test("a TCP timer has its own names, in hundredths of a second", () => {
    const line = (timer: string) =>
      `0: 0100007F:1F90 0100007F:1234 01 00000000:00000000 ${timer} 00000003 4294967294 5 77 1\n`;
    const tail = (timer: string) =>
      rows(tcpRows, "tcp", 2, line(timer), { timers: true }).slice(80);
    expect(tail("00:00000000")).toBe("off (0.00/3/5)\n");
    expect(tail("01:00000001")).toBe("on (0.01/3/5)\n");
    expect(tail("02:0001E240")).toBe("keepalive (1234.56/3/5)\n");
    expect(tail("03:00000064")).toBe("timewait (1.00/3/5)\n");
    expect(tail("04:00000065")).toBe("probe (1.01/3/5)\n");
    expect(tail("05:00000065")).toBe("unkn-5 (1.01/3/5)\n");
  });

  test("a queue wider than its column moves the rest, a user beyond 2^31 is negative", () => {
    expect(rows(
      tcpRows,
      "tcp",
      2,
      "0: 0100007F:1F90 0100007F:1234 01 FFFFFFFF:00000001 00:00000000 00000000 4294967294 0 77 1\n",
      { extended: true },
    )).toBe(
      "tcp        1 4294967295 127.0.0.1:8080          127.0.0.1:4660          ESTABLISHED -2         77        \n",
    );
  });

  test("UDP tells its state by absence, raw by number; both name timers that do not exist", () => {
    const lines = "1: 0100000A:B5E0 0200000A:0202 02 0:0 01:00000064 00000003 0 4 9 2 0 0\n" +
      "1: 0100000A:0000 00000000:0000 07 0:0 03:00000064 00000003 0 4 9 2 0 0\n";
    expect(rows(udpRows, "udp", 2, lines, { timers: true })).toBe(
      "udp        0      0 10.0.0.1:46560          10.0.0.2:514            UNKNOWN     on1 (1.00/0/4)\n" +
        "udp        0      0 10.0.0.1:*              0.0.0.0:*                           unkn-3 (1.00/0/4)\n",
    );
    expect(rows(rawRows, "raw", 2, lines, { timers: true })).toBe(
      "raw        0      0 10.0.0.1:46560          10.0.0.2:514            2           on1 (1.00/3/4)\n" +
        "raw        0      0 10.0.0.1:*              0.0.0.0:*               7           unkn-3 (1.00/3/4)\n",
    );
  });

  test("a server is a socket without a remote port for TCP, without a remote address for UDP", () => {
    const lines = "0: 0100007F:1F90 0100007F:0000 01 0:0 00:00000000 00000000 0 0 1 1\n" +
      "0: 0100007F:1F91 00000000:0001 01 0:0 00:00000000 00000000 0 0 2 1\n";
    const ports = (text: string) => [...text.matchAll(/127\.0\.0\.1:(80\d\d)/g)].map(([, p]) => p);
    const servers = { all: false, listening: true };
    expect(ports(rows(tcpRows, "tcp", 2, lines, servers))).toEqual(["8080"]);
    expect(ports(rows(udpRows, "udp", 2, lines, servers))).toEqual(["8081"]);
    const connections = { all: false, listening: false };
    expect(ports(rows(tcpRows, "tcp", 2, lines, connections))).toEqual(["8081"]);
    expect(ports(rows(udpRows, "udp", 2, lines, connections))).toEqual(["8080"]);
  });

  test("an SCTP endpoint takes a line for each address, with the tail behind the last", () => {
    const { rows, bad } = parseSctpEndpoints(
      " ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n" +
        "f f 2   10  29   80    33  5235 127.0.0.1 fe80:0000:0000:0000:0000:0000:0000:0001 \njunk\n",
    );
    expect(bad).toBe(1);
    const into = context({ extended: true });
    for (const row of rows) writeSctpEndpoint(row, into);
    expect(written(into)).toBe(
      "sctp                127.0.0.1:80                                    LISTEN     \n" +
        "                    fe80::1:80                                                  33         5235      \n",
    );
  });

  test("an SCTP association sets its addresses side by side, without the star of the primary", () => {
    const { rows } = parseSctpAssociations(
      " ASSOC     SOCK   STY SST ST HBKT …\n" +
        "f f 2   1   4  0    6       7        8       33 5240 80 22  10.9.8.7 *127.0.0.1 <-> 127.0.0.2 *10.9.8.6 10.9.8.5 \t    7500    10    10   10    0    0        0        1        0   212992   212992\n",
    );
    const into = context();
    for (const row of rows) writeSctpAssociation(row, into);
    expect(written(into)).toBe(
      "sctp       8      7 10.9.8.7:80             127.0.0.2:22            ESTABLISHED\n" +
        "                    127.0.0.1               10.9.8.6                           \n" +
        "                                            10.9.8.5                           \n",
    );
  });

  test("a unix row ends its path at the first blank and lets no control byte through", () => {
    const table = parseUnixTable(
      "Num\n0: 00000003 00000000 00030000 0001 01 157 /a b\n" +
        "0: FFFFFFFF 00000000 00070000 0003 04 0\n" +
        "0: 00000002 00000001 00040000 0009 05 7 @x\x1b[31m\xc3\xa9\n",
    );
    const into = context();
    for (const row of table) writeUnix(row, into);
    expect(written(into)).toBe(
      "unix  3      [ ACC W ]   STREAM     LISTENING     157      /a\n" +
        "unix  4294967295 [ ACC W N ] RAW        DISCONNECTING 0        \n" +
        "??    2      [ N ]       UNKNOWN    UNKNOWN       7        @x.[31m\xc3\xa9\n",
    );
  });
});
