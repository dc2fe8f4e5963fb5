import { expect, test } from "bun:test";
import { ethertypeOf, ssEthertypeName } from "../../../../src/families/ethertypes.ts";
import { ss } from "../../../../src/tools/ss/rows/packet.ts";
import { TABLE } from "../../../../src/tools/ss/selection.ts";
import { DecodeError } from "../../../../src/model/decode_error.ts";
import { attribute, u16, u32, viewOf, zeros } from "../../../support/bytes.ts";
import { ssContext } from "../../../support/decoder.ts";

const ROW = [
  ...[17, 3, ...u16(0x0800), ...u32(99), ...u32(0x1f), ...u32(1)],
  ...attribute(0, [2, 1, 0, 12, 0, 0x13].flatMap((word) => u32(word))),
  ...attribute(2, [4096, 4, 2048, 8, 60, 0, 1].flatMap((word) => u32(word))),
  ...attribute(4, u32(1 << 16 | 7)),
  ...attribute(5, u32(1000)),
  ...attribute(6, [768, 0, 0, 0, 0, 0, 0, 0, 0].flatMap((word) => u32(word))),
  ...attribute(7, [...u16(6), 0, 1, ...u32(0xffff)]),
];

function row(bytes: number[], options = {}): string {
  const context = ssContext(options);
  ss.printer(context).row(viewOf(bytes), 0, bytes.length, "netlink");
  return context.cells.toString();
}

test("a row has protocol and interface", () => {
  expect(row(ROW)).toBe("p_raw|UNCONN|768   |0     |ip:|eth2|*|| users:held|");
  expect(row(ROW, { numeric: true })).toContain("|[2048]:|eth2|");
});

test("-e, -b and -m tell all there is", () => {
  const extras = row(ROW, { extended: true, bpf: true, memory: true }).split("|").at(-1);
  expect(extras).toBe(
    " uid:1000 ino:99 sk:10000001f" +
      "\n\tver:1 cpy_thresh:12 flags( running auxdata loss )" +
      "\n\tring_rx(blk_size:4096,blk_nr:4,frm_size:2048,frm_nr:8,tmo:60,features:0x1)" +
      "\n\tfanout(id:7,type:lb)" +
      "\n\tbpf filter (1):  0x06 0 1 65535," +
      " skmem:(r768,rb0,t0,tb0,f0,w0,o0,bl0,d0)",
  );
});

test("an answer without memory is none: ss goes to /proc", () => {
  expect(() => row([17, 3, ...u16(3), ...zeros(12)])).toThrow(DecodeError);
});

test("types are told apart only in /proc", () => {
  const context = ssContext();
  const selection = { ...context.selection, tables: TABLE.packet_dgram };
  const printer = ss.printer({ ...context, selection });
  printer.row(viewOf(ROW), 0, ROW.length, "proc");
  expect(context.cells.toString()).toBe("|||||||||");
  printer.row(viewOf(ROW), 0, ROW.length, "netlink");
  expect(context.cells.toString()).toContain("p_raw");
});

test("a name is found whatever its letter case, and the first of two is printed", () => {
  expect([ethertypeOf("ARP"), ethertypeOf("ipv4"), ethertypeOf("nothing")])
    .toEqual([0x0806, 0x0800, undefined]);
  expect([ssEthertypeName(0x0800, false), ssEthertypeName(0x9999, false)])
    .toEqual(["ip", "[39321]"]);
});
