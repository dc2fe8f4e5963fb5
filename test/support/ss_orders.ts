/**
 * Options of ss that choose families, tables and states, and sockets of sixteen kinds of which a list of them shows some.
 *
 * @module
 */
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
} from "../../src/model/address_family.ts";
import { readArguments } from "../../src/tools/ss/arguments.ts";
import { TABLE } from "../../src/tools/ss/selection.ts";

/** In the order of the recording. */
export const OPTIONS = [
  "-4",
  "-6",
  "-x",
  "-0",
  "-t",
  "-u",
  "-w",
  "-f inet6",
  "-f netlink",
  "-A inet",
  "-A unix,netlink",
  "-A !udp",
  "-a",
  "-l",
];

const ESTABLISHED = 1;
const CLOSE = 7;
const LISTEN = 10;

/** Of each bit: table, family and state of the socket, and how its row is told. */
export const KINDS:
  readonly (readonly [table: number, family: number, state: number, row: RegExp])[] = [
    // The listener, or the client's end of the connection to it.
    [TABLE.tcp, AF_INET, LISTEN, / 127\.0\.0\.1:4001 +(?!127)/],
    [TABLE.tcp, AF_INET, ESTABLISHED, / 127\.0\.0\.1:4001 +127/],
    [TABLE.tcp, AF_INET6, LISTEN, / \[::1\]:4002 +(\[::\]|\*):\*/],
    [TABLE.tcp, AF_INET6, ESTABLISHED, / \[::1\]:4002 +\[::1\]:\d/],
    [TABLE.tcp, AF_INET6, LISTEN, / \*:4003 /],
    [TABLE.tcp, AF_INET6, ESTABLISHED, / \[::ffff:127\.0\.0\.1\]:4003 /],
    [TABLE.tcp, AF_INET, ESTABLISHED, / 127\.0\.0\.1:\d+ +127\.0\.0\.1:4003 /],
    [TABLE.udp, AF_INET, CLOSE, / 127\.0\.0\.1:4004 /],
    [TABLE.udp, AF_INET6, CLOSE, / \[::1\]:4005 /],
    [TABLE.raw, AF_INET, CLOSE, / 0\.0\.0\.0:253 /],
    [TABLE.raw, AF_INET6, CLOSE, / (\[::\]|\*):254 /],
    [TABLE.unix_stream, AF_UNIX, LISTEN, / @order-stream \d+ +\* 0/],
    [TABLE.unix_dgram, AF_UNIX, CLOSE, / @order-dgram /],
    [TABLE.unix_stream, AF_UNIX, ESTABLISHED, / @order-client /],
    [TABLE.packet_raw | TABLE.packet_dgram, AF_PACKET, CLOSE, /35020|lldp/i],
    [TABLE.netlink, AF_NETLINK, CLOSE, / (0|rtnl):7001 /],
  ];

/** All but raw sockets: where the kernel has no raw_diag, as where this was recorded, they come from /proc. */
export const COMPARED = KINDS.reduce(
  (bits, [table], i) => table === TABLE.raw ? bits : bits | 1 << i,
  0,
);

/** A program that makes the sockets, says `ready`, and waits for its input to end. */
export const SCENE = `
import socket as S, sys
keep = []
def server(family, address, port):
    s = S.create_server((address, port), family=family, dualstack_ipv6=address == "::", backlog=4); keep.append(s); return s
def client(family, address, port, to):
    c = S.socket(family); c.connect((address, port)); keep.extend([c, to.accept()[0]])
client(S.AF_INET, "127.0.0.1", 4001, server(S.AF_INET, "127.0.0.1", 4001))
client(S.AF_INET6, "::1", 4002, server(S.AF_INET6, "::1", 4002))
client(S.AF_INET, "127.0.0.1", 4003, server(S.AF_INET6, "::", 4003))
for family, kind, protocol, name in (
    (S.AF_INET, S.SOCK_DGRAM, 0, ("127.0.0.1", 4004)), (S.AF_INET6, S.SOCK_DGRAM, 0, ("::1", 4005)),
    (S.AF_INET, S.SOCK_RAW, 253, None), (S.AF_INET6, S.SOCK_RAW, 254, None),
    (S.AF_UNIX, S.SOCK_STREAM, 0, "\\0order-stream"), (S.AF_UNIX, S.SOCK_DGRAM, 0, "\\0order-dgram"),
    (S.AF_PACKET, S.SOCK_RAW, S.htons(0x88cc), None), (S.AF_PACKET, S.SOCK_DGRAM, S.htons(0x88cc), None),
    (S.AF_NETLINK, S.SOCK_RAW, 0, (7001, 0)), (S.AF_UNIX, S.SOCK_STREAM, 0, "\\0order-client"),
):
    s = S.socket(family, kind, protocol); keep.append(s)
    if name is not None: s.bind(name)
    if name == "\\0order-stream": s.listen(4)
    if name == "\\0order-client": s.connect("\\0order-stream")
print("ready", flush=True)
sys.stdin.read()
`;

/** Every list of so many options, the last one changing first. */
export function lists(length: number): string[] {
  let all: readonly string[] = [""];
  for (let i = 0; i < length; i++) {
    all = all.flatMap((list) => OPTIONS.map((option) => `${list} ${option}`));
  }
  return all.map((list) => list.trim());
}

/** Which kinds an output of `ss -Hn` shows, a bit each. */
export function shownIn(output: string): number {
  const rows = output.split("\n").map((row) => ` ${row} `);
  return COMPARED & KINDS.reduce(
    (bits, [, , , form], bit) => rows.some((row) => form.test(row)) ? bits | 1 << bit : bits,
    0,
  );
}

/** What the options select, by the rules of ss mode. */
export function selected(line: string): number {
  const { selection } = readArguments(line.split(" "), false, "");
  selection.complete();
  const { preferredFamily: preferred } = selection;
  return KINDS.reduce((shown, [table, family, state], bit) => {
    const internet = family === AF_INET || family === AF_INET6;
    // Where the option before last was -4, and the last one -6, the kernel is asked for IPv6 alone.
    const asked = !internet || preferred === family ||
      preferred !== AF_INET && preferred !== AF_INET6;
    const wanted = asked && selection.family(family) && (selection.tables & table) !== 0 &&
      (selection.states & (1 << state | (bit === 0 ? 1 << ESTABLISHED : 0))) !== 0;
    return wanted ? shown | 1 << bit : shown;
  }, 0) & COMPARED;
}
