import { expect, test } from "bun:test";
import { ss } from "../../../../src/tools/ss/rows/unix.ts";
import { ascii, attribute, u32, viewOf, zeros } from "../../../support/bytes.ts";
import { ssContext } from "../../../support/decoder.ts";

const HEAD = [1, 1, 10, 0, ...u32(99), ...zeros(8)];
const ROW = [
  ...HEAD,
  ...attribute(0, [...ascii("/run/a b"), 0]),
  ...attribute(1, [...u32(123), ...u32(8 << 20 | 17)]),
  ...attribute(2, u32(7)),
  ...attribute(3, [...u32(5), ...u32(6)]),
  ...attribute(4, [...u32(1), ...u32(128)]),
  ...attribute(5, Array.from({ length: 9 }, (_, i) => u32(i)).flat()),
  ...attribute(6, [1]),
];

function row(bytes: number[], options = {}): string {
  const context = ssContext(options);
  ss.printer(context).row(viewOf(bytes), 0, bytes.length, "netlink");
  return context.cells.toString();
}

test("a row has name and inode, and the inode of the peer", () => {
  expect(row(ROW)).toBe("u_str|LISTEN|1     |128   |/run/a b |99|* |7| users:held|");
});

test("-m and -e add memory, shutdown, file and waiting clients", () => {
  expect(row(ROW, { memory: true, extended: true }).split("|").at(-1)).toBe(
    " skmem:(r0,rb1,t2,tb3,f4,w5,o6,bl7,d8) --> ino:123 dev:0/2065 peers: 5 6",
  );
});

test("an abstract name has @ for every NUL, an unnamed socket is *", () => {
  expect(row([...HEAD, ...attribute(0, [0, ...ascii("a"), 0])])).toContain("|@a@ |99|* |0|");
  expect(row(HEAD)).toContain("|* |99|* |0|");
});

test("rows of /proc are sorted by type and inode, and names end at a blank", () => {
  const context = ssContext();
  const rows: string[] = [];
  const cells = context.cells;
  const printer = ss.printer({
    ...context,
    process() {
      rows.push(cells.take().slice(4, 6).join(""));
    },
  });
  const line = (type: string, rest: string) =>
    `00000000327dfd7c: 00000003 00000000 00010000 ${type} 01 ${rest}\n`;
  ss.table!.parse(
    new Uint8Array(ascii(
      `header\n${line("0005", "3 /c")}${line("0001", "9 /b b")}${line("0001", "2")}`,
    )),
    (view, start, end) => printer.row(view, start, end, "proc"),
  );
  printer.finish?.();
  expect(rows).toEqual(["* 2", "/b 9", "/c 3"]);
});
