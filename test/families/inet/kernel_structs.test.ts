/**
 * The structures that this program reads by a table of offsets, against the BTF of the kernel that runs: the next field that
 * a kernel appends is noticed here.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { Btf, MissingKernelType, wholeFile } from "../../../src/bpf/btf.ts";
import { MPTCP_INFO_FIELDS } from "../../../src/families/inet/mptcp_info.ts";
import { readTcpInfo, TCP_INFO_FIELDS } from "../../../src/families/inet/tcp_info.ts";
import { testIf } from "../../support/skip.ts";

const FILE = "/sys/kernel/btf/vmlinux";
const noBtf = existsSync(FILE) ? null : `there is no ${FILE}`;
const btf = noBtf === null
  ? new Btf(wholeFile(new Uint8Array(readFileSync(FILE))), ["tcp_info", "mptcp_info"])
  : null;

/** What the kernel's file says of a field; `null` where this kernel has none. */
function member(struct: string, name: string): readonly [offset: number, size: number] | null {
  try {
    const { offset, size } = btf!.member(struct, name);
    return [offset, size];
  } catch (error) {
    if (!(error instanceof MissingKernelType)) throw error;
    return null;
  }
}

interface KnownField {
  readonly kernel: string;
  readonly offset: number;
  readonly width: number;
}

/** Fields that a kernel of this size has, against its own word; and the bytes that no field of ours covers. */
function compare(struct: string, fields: readonly KnownField[]) {
  const size = btf!.size(struct);
  const here = fields.filter(({ offset, width }) => offset + width <= size);
  expect(here.map(({ kernel }) => [kernel, member(struct, kernel)]))
    .toEqual(here.map(({ kernel, offset, width }) => [kernel, [offset, width]]));
  const bare = new Set(Array.from({ length: size }, (_, i) => i));
  for (const { offset, width } of here) {
    for (let i = offset; i < offset + width; i++) bare.delete(i);
  }
  return { size, bare: [...bare] };
}

testIf(noBtf, "struct tcp_info has no field that is not read", () => {
  const { size, bare } = compare("tcp_info", TCP_INFO_FIELDS);
  // Bytes 6 and 7 are bit-fields; what 276 to 279 are depends on the release.
  const known = [6, 7, ...(size >= 280 ? [276, 277, 278, 279] : [])];
  expect(bare).toEqual(known);
  if (size < 280) return;
  const release = readFileSync("/proc/sys/kernel/osrelease", "latin1");
  const names = Object.keys(readTcpInfo(new DataView(new ArrayBuffer(280)), 0, 280, release));
  const wide = member("tcp_info", "tcpi_accecn_fail_mode");
  // As two u16 a field has a place; as a bit-field it has none.
  if (wide === null) expect(names).toContain("options2");
  else {
    expect([wide, member("tcp_info", "tcpi_accecn_opt_seen")]).toEqual([[276, 2], [278, 2]]);
    expect(names).not.toContain("options2");
    expect(names).toContain("accecn_opt_seen");
  }
});

testIf(noBtf, "struct mptcp_info has no field that is not read", () => {
  const fields = MPTCP_INFO_FIELDS.map(([name, offset, width]) => ({
    kernel: `mptcpi_${name.replace(/_ms$/, "")}`,
    offset,
    width,
  }));
  const { bare } = compare("mptcp_info", fields);
  // Holes: two after the sixth byte, one after csum_enabled, and `reserved`.
  expect(bare.filter((byte) => ![6, 7, 43, 82, 83].includes(byte))).toEqual([]);
});

describe("the last four bytes of struct tcp_info", () => {
  const bytes = new Uint8Array(280);
  bytes.set([0b0110_11_01, 0x00, 0x02, 0x00], 276);
  const of = (kernel: string | null, length = 280) => {
    const info = readTcpInfo(new DataView(bytes.buffer), 0, length, kernel);
    return ["ecn_mode", "accecn_opt_seen", "accecn_fail_mode", "options2"].map((name) =>
      info[name]
    );
  };
  test("are two numbers in Linux 6.18 and 6.19", () => {
    expect(of("6.18.2-generic")).toEqual([undefined, 2, 0x6d, undefined]);
    expect(of("6.19.0")).toEqual([undefined, 2, 0x6d, undefined]);
  });
  test("are bit-fields since 7.0", () => {
    expect(of("7.0.0-rc1")).toEqual([1, 3, 6, 0x200]);
    expect(of("10.1")).toEqual([1, 3, 6, 0x200]);
  });
  test("are not told where the release is not known, or the kernel did not send them", () => {
    expect(of(null)).toEqual([undefined, undefined, undefined, undefined]);
    expect(of("unknown")).toEqual([undefined, undefined, undefined, undefined]);
    expect(of("6.18.2", 276)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
