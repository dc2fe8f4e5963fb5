import { expect, test } from "bun:test";
import { hexRows } from "../../../../src/tools/lsof/gather/hex_rows.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid\n";
const REST = "00000000:00000000 00:00000000 00000000     0        0 4242 2 0000000000000000 0\n";

test("addresses, ports and states are the kernel's own digits", () => {
  expect(hexRows("raw", bytes(`${HEADER}   1: 0100007F:00FF B80A000A:0000 07 ${REST}`))).toEqual([
    { local: "0100007F:00FF", remote: "B80A000A:0000", state: "07", inode: 4242 },
  ]);
  const local = "000080FE00000000FF005450FE1234AB";
  const remote = "0".repeat(32);
  expect(hexRows("raw6", bytes(`${HEADER}   58: ${local}:003A ${remote}:0000 07 ${REST}`)))
    .toEqual([{ local: `${local}:003A`, remote: `${remote}:0000`, state: "07", inode: 4242 }]);
});

test("a line that is not of a socket is passed over, and those behind it are read", () => {
  const line = `   1: 00000000:0001 00000000:0000 07 ${REST}`;
  const rows = hexRows("icmp", bytes(`${HEADER}${line}   2: nothing of the kind\n${line}`));
  expect(rows.map(({ local }) => local)).toEqual(["00000000:0001", "00000000:0001"]);
});

test("a file without its header has no rows", () => {
  expect(hexRows("raw", bytes(""))).toEqual([]);
});
