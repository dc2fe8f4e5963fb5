/**
 * SCTP sockets as lsof 4.95 showed them on Linux 6.1, with the tables that it read: recorded in a guest of scripts/kernels, since few
 * machines that run these tests have SCTP.
 */
import { expect, test } from "bun:test";
import { readSctpSockets } from "../../../../src/tools/lsof/gather/sctp.ts";
import { sctpName } from "../../../../src/tools/lsof/rows/sctp.ts";
import { ProcRoot } from "../../../../src/proc/root.ts";
import { procTree } from "../../../support/proc_tree.ts";

/** Reads the tables of a tree. */
const textIn = (path: string) => (file: string) => new ProcRoot(path).text(`net/${file}`) ?? "";

const ENDPOINTS = ` ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS
2fbb6e26 3e7c2dd1 0   10  33   7001      0 10801 127.0.0.1 127.0.0.2
61cb7736 56352be6 0   10  34   7002      0 10805 127.0.0.1
665b0fa5 1053616d 0   10  35   7003      0 10808 0.0.0.0
b7c731f0 b039fe44 0   10  36   6701      0   343 127.0.0.1
21ee6f7b 336021ee 2   10  37   6702      0   347 0000:0000:0000:0000:0000:0000:0000:0001
`;
// The end of each line, of which nothing is shown, is cut.
const ASSOCIATIONS =
  ` ASSOC     SOCK   STY SST ST HBKT ASSOC-ID TX_QUEUE RX_QUEUE UID INODE LPORT RPORT LADDRS <-> RADDRS HBINT INS OUTS MAXRT T1X T2X RTXC wmema
76325e7d 3e7c2dd1 0   10  3  0       8        0        0       0 10801 7001   5001  127.0.0.1 127.0.0.2 <-> *127.0.0.3 \t    7500    10    10
e131a48d 3e7c2dd1 0   10  3  0       6        0        0       0 10801 7001   5000  127.0.0.1 127.0.0.2 <-> *127.0.0.4 \t    7500    10    10
22a086cf 56352be6 0   10  3  0      10        0        0       0 10805 7002   5000  127.0.0.1 <-> *127.0.0.5 \t    7500    10    10
32ebe775 e1151a5c 2   1   3  0       5        0        0       0 10803 5000   7001  127.0.0.4 <-> *127.0.0.2 127.0.0.1 \t    7500    10    10
271bb7a7  865bca1 2   7   1  0       0        0        0       0 10810 5003   7003  127.0.0.7 <-> *127.0.0.2 \t    7500    10    10
b3c52ee8 1053616d 0   10  3  0      14        0        0       0 10808 7003   5002  127.0.0.1 <-> *127.0.0.7 \t    7500    10    10
a4eaf424 83e3a595 2   1   3  0       3        0        0       0 10802 5000   7001  127.0.0.3 <-> *127.0.0.1 127.0.0.2 \t    7500    10    10
f9658408 56352be6 0   10  3  0      12        0        0       0 10805 7002   5000  127.0.0.1 <-> *127.0.0.6 \t    7500    10    10
8a2fb0a9 1d742494 2   1   3  0      13        0        0       0 10809 5002   7003  127.0.0.7 <-> *127.0.0.1 \t    7500    10    10
ff374fe1 907c8995 2   1   3  0      11        0        0       0 10807 5000   7002  127.0.0.6 <-> *127.0.0.1 \t    7500    10    10
cbe2477d 7559d2ad 2   1   3  0       9        0        0       0 10806 5000   7002  127.0.0.5 <-> *127.0.0.1 \t    7500    10    10
697488ce 3e7c2dd1 0   10  3  0       4        0        0       0 10801 7001   5000  127.0.0.1 127.0.0.2 <-> *127.0.0.3 \t    7500    10    10
 387da62 63d35ccf 2   1   3  0       7        0        0       0 10804 5001   7001  127.0.0.3 <-> *127.0.0.1 127.0.0.2 \t    7500    10    10
9c75991a b039fe44 0   10  3  0      10        0      332       0   343 6701  60493  127.0.0.1 <-> *127.0.0.1 10.9.0.1 \t    7500    10    10
63f77070 b039fe44 0   10  3  0       6        0      332       0   343 6701  49667  127.0.0.1 <-> *127.0.0.1 10.9.0.1 \t    7500    10    10
10a826b0 b039fe44 0   10  3  0       8        0      332       0   343 6701  48555  127.0.0.1 <-> *127.0.0.1 10.9.0.1 \t    7500    10    10
df8297a1 c4bde40d 2   1   3  0      11        0        0       0   348 43306  6702  127.0.0.1 0000:0000:0000:0000:0000:0000:0000:0001 10.9.0.1 fe80:0000:0000:0000:9088:09ff:fe7c:d585 <-> *0000:0000:0000:0000:0000:0000:0000:0001 \t    7500    10    10
`;

const NAMES: Readonly<Record<number, string>> = {
  343:
    "ASSOC+ENDPT: 9c75991a,63f77070,10a826b0,b7c731f0,10,6,8 127.0.0.1[6701]<->*127.0.0.1,10.9.0.1,*127.0.0.1,10.9.0.1,*127.0.0.1,10.9.0.1[60493,49667,48555]",
  347: "ENDPT: 21ee6f7b 0000:0000:0000:0000:0000:0000:0000:0001[6702]",
  348:
    "ASSOC: df8297a1,11 127.0.0.1,0000:0000:0000:0000:0000:0000:0000:0001,10.9.0.1,fe80:0000:0000:0000:9088:09ff:fe7c:d585[43306]<->*0000:0000:0000:0000:0000:0000:0000:0001[6702]",
  10801:
    "ASSOC+ENDPT: 76325e7d,e131a48d,697488ce,2fbb6e26,8,6,4 127.0.0.1,127.0.0.2,127.0.0.1,127.0.0.2,127.0.0.1,127.0.0.2,127.0.0.1,127.0.0.2[7001]<->*127.0.0.3,*127.0.0.4[5001,5000]",
  10802: "ASSOC: a4eaf424,3 127.0.0.3[5000]<->*127.0.0.1,127.0.0.2[7001]",
  10803: "ASSOC: 32ebe775,5 127.0.0.4[5000]<->*127.0.0.2,127.0.0.1[7001]",
  10804: "ASSOC: 387da62,7 127.0.0.3[5001]<->*127.0.0.1,127.0.0.2[7001]",
  10805:
    "ASSOC+ENDPT: 22a086cf,f9658408,61cb7736,10,12 127.0.0.1[7002]<->*127.0.0.5,*127.0.0.6[5000]",
  10806: "ASSOC: cbe2477d,9 127.0.0.5[5000]<->*127.0.0.1[7002]",
  10807: "ASSOC: ff374fe1,11 127.0.0.6[5000]<->*127.0.0.1[7002]",
  10808: "ASSOC+ENDPT: b3c52ee8,665b0fa5,14 127.0.0.1,0.0.0.0[7003]<->*127.0.0.7[5002]",
  10809: "ASSOC: 8a2fb0a9,13 127.0.0.7[5002]<->*127.0.0.1[7003]",
  10810: "ASSOC: 271bb7a7,0 127.0.0.7[5003]<->*127.0.0.2[7003]",
};

test("an SCTP socket is named by its associations, its endpoint, addresses and ports", () => {
  using tree = procTree({ "net/sctp/eps": ENDPOINTS, "net/sctp/assocs": ASSOCIATIONS });
  const sockets = readSctpSockets(textIn(tree.path));
  const names = Object.fromEntries([...sockets].map(([inode, row]) => [inode, sctpName(row)]));
  expect(names).toEqual(NAMES);
});

test("without SCTP there is none, and what waits to be accepted is of nobody", () => {
  using tree = procTree({});
  expect(readSctpSockets(textIn(tree.path)).size).toBe(0);
  using waiting = procTree({
    "net/sctp/assocs": ASSOCIATIONS.replaceAll(" 10802 ", "     0 ") + "no line of the table\n",
  });
  const found = readSctpSockets(textIn(waiting.path));
  expect(found.has(0)).toBe(false);
  expect(found.has(10803)).toBe(true);
});
