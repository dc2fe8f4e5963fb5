import { expect, test } from "bun:test";
import {
  ssNetlinkProtocolName,
  ssNetlinkProtocolOf,
} from "../../../../src/families/netlink_protocols.ts";
import { ss } from "../../../../src/tools/ss/rows/netlink.ts";
import { attribute, u32, viewOf, zeros } from "../../../support/bytes.ts";
import { ssContext } from "../../../support/decoder.ts";

function row(protocol: number, portId: number, connected: boolean, options = {}): string {
  const bytes = [
    ...[16, 3, protocol, connected ? 1 : 7],
    ...[...u32(portId), ...u32(0xffff_f000), ...u32(3), ...u32(99), ...zeros(8)],
    ...attribute(0, [512, 0, 64, 0, 0, 0, 0, 0, 0].flatMap((word) => u32(word))),
    ...attribute(1, [...u32(0x11), ...u32(1)]),
  ];
  const context = ssContext(options);
  ss.printer(context).row(viewOf(bytes), 0, bytes.length, "netlink");
  return context.cells.toString();
}

test("a port ID is written as the process that it may be", () => {
  expect(row(0, 77, false)).toBe("nl|UNCONN|512   |64    |rtnl:|holder/77|*|||");
  expect(row(16, 0, false)).toContain("|genl:|kernel|");
  expect(row(17, 78, false)).toContain("|17:|78|");
  expect(row(0, 0xffff_ffff, false)).toContain("|rtnl:|*|");
  expect(row(0, 0xffff_fff0, false)).toContain("|rtnl:|-16|");
  expect(row(0, 0, false, { numeric: true })).toContain("|0:|0|");
});

test("a connected socket has group and port of its peer", () => {
  expect(row(0, 77, true)).toContain("|3:|-4096|");
});

test("-e and -m stand in the column of the holders, who are never named", () => {
  expect(row(0, 77, false, { extended: true, memory: true }).split("|").slice(8)).toEqual([
    " sk=0 cb=0 groups=0x00000011\t skmem:(r512,rb0,t64,tb0,f0,w0,o0,bl0,d0)",
    "",
  ]);
});

test("names of protocols are those of ss", () => {
  expect([ssNetlinkProtocolOf("tcpdiag"), ssNetlinkProtocolOf("route")])
    .toEqual([4, undefined]);
  expect([ssNetlinkProtocolName(15, false), ssNetlinkProtocolName(15, true)]).toEqual([
    "uevent",
    "15",
  ]);
});
