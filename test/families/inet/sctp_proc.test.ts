import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InetMessage } from "../../../src/families/inet/message.ts";
import { sctpProcTable } from "../../../src/families/inet/sctp_proc.ts";
import { inetSocket } from "../../../src/families/inet/table.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import { contextOf } from "../../support/decoder.ts";

// As net/sctp/proc.c prints them.
const EPS = ` ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS
       0        0 2   10  29   11165  1000 3981 10.0.0.102 10.0.0.70
       0        0 2   10  29   11166     0 3990 0000:0000:0000:0000:0000:0000:0000:0000
`;
const ASSOCS =
  ` ASSOC     SOCK   STY SST ST HBKT ASSOC-ID TX_QUEUE RX_QUEUE UID INODE LPORT RPORT LADDRS <-> RADDRS HBINT INS OUTS MAXRT T1X T2X RTXC wmema wmemq sndbuf rcvbuf
       0        0 2   1   3  9       1        4        5    1000 3982 11165  40000  10.0.0.102 10.0.0.70 <-> *10.0.0.103 10.0.0.71 \t   30000    10    10   10    0    0        0        1        0   212992   212992
`;
const SCTP = { transport: "sctp", type: null, protocol: 132, boundInactive: false } as const;

function read(family: number, eps: string, assocs: string) {
  const first = sctpProcTable(family);
  const rows: unknown[] = [];
  const message = new InetMessage();
  for (const [table, text] of [[first, eps], [first.next!, assocs]] as const) {
    table.parse(new TextEncoder().encode(text), (view, start, end) => {
      const { state, local, peer, uid, inode, recvQueue, sendQueue, acceptQueue, cookie } =
        inetSocket(message.at(view, start, end), SCTP, contextOf("proc"));
      rows.push({ state, local, peer, uid, inode, recvQueue, sendQueue, acceptQueue, cookie });
    });
  }
  return rows;
}

const ours = (address: string, port: number) => ({ address, port, interface: null });

describe("sctpProcTable()", () => {
  test("reads endpoints, then associations, of the family that was asked for", () => {
    expect(read(2, EPS, ASSOCS)).toEqual([
      {
        state: "listen",
        local: ours("10.0.0.102", 11165),
        peer: null,
        uid: 1000,
        inode: 3981,
        recvQueue: null,
        sendQueue: null,
        // Not told there.
        acceptQueue: null,
        cookie: null,
      },
      {
        state: "established",
        local: ours("10.0.0.102", 11165),
        peer: ours("10.0.0.103", 40000),
        uid: 1000,
        inode: 3982,
        recvQueue: 5,
        sendQueue: 4,
        acceptQueue: null,
        cookie: null,
      },
    ]);
    expect(read(10, EPS, ASSOCS)).toMatchObject([{ local: ours("::", 11166), uid: 0 }]);
  });

  test("lines that are not of a socket are an error after those that are", () => {
    expect(() => read(2, EPS + "x y z\n", "")).toThrow(DecodeError);
    expect(read(2, "", "")).toEqual([]);
  });

  test("any text is rows or a DecodeError", () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => {
      try {
        read(2, `\n${text}`, `\n${text}`);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }));
  });
});
