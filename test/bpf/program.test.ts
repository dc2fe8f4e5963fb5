import { describe, expect, test } from "bun:test";
import { assemble } from "../../src/bpf/assembler.ts";
import { disassemble } from "../support/disassembler.ts";
import { Btf, MissingKernelType, wholeFile } from "../../src/bpf/btf.ts";
import { iteratorId, NAMESPACE_TYPES, NEEDED_TYPES, ownerProgram } from "../../src/bpf/program.ts";
import { makeBtf, strangeKernel } from "../support/btf.ts";

describe("ownerProgram()", () => {
  const btf = new Btf(wholeFile(makeBtf(strangeKernel())), NEEDED_TYPES);

  /** Lines without their numbers. */
  function listing(numbers: "initial" | "reader"): string[] {
    return disassemble(assemble(ownerProgram(btf, numbers, { cookies: true }))).map((line) =>
      line.replace(/^\d+: /, "")
    );
  }

  test("takes every offset from BTF", () => {
    expect(listing("initial").filter((line) => line.includes("*)(r") && !line.includes("(r10")))
      .toEqual([
        "r7 = *(u64 *)(r6 + 64)",
        "r8 = *(u64 *)(r6 + 48)",
        "r1 = *(u64 *)(r0 + 1040)",
        "r1 = *(u64 *)(r1 + 1048)",
        "r1 = *(u32 *)(r6 + 56)",
        "r1 = *(u64 *)(r7 + 1000)",
        "r1 = *(u64 *)(r1 + 1008)",
        "r1 = *(u32 *)(r8 + 1112)",
        "r1 = *(u32 *)(r8 + 1104)",
        "r1 = *(u64 *)(r6 + 40)",
        "r1 = *(u64 *)(r1 + 72)",
      ]);
  });

  test("does not go near a socket whose cookie nobody wants", () => {
    const lines = disassemble(assemble(ownerProgram(btf, "initial"))).join("\n");
    expect(lines).not.toContain("(r0 +");
    expect(lines).toContain("r3 = 24");
    expect(listing("initial")).toContain("r3 = 32");
  });

  test("reads the numbers of the reader's PID namespace through its level", () => {
    const lines = listing("reader");
    expect(lines).toContain("r1 = *(u32 *)(r1 + 1016)");
    expect(lines).toContain("r1 *= 48");
    expect(lines).toContain("r1 += 1032");
    expect(lines).toContain("r9 = *(u64 *)(r8 + 1128)");
    expect(lines).not.toContain("r1 = *(u32 *)(r8 + 1104)");
  });

  test("knows a namespace by its file system, where namespaces are wanted", () => {
    const all = new Btf(wholeFile(makeBtf(strangeKernel())), [...NEEDED_TYPES, ...NAMESPACE_TYPES]);
    const lines = disassemble(assemble(ownerProgram(all, "initial", { namespaces: true }))).join(
      "\n",
    );
    // That of the socket, that of the task, and the number of the former if they differ.
    expect(lines).toContain("r1 = *(u64 *)(r1 + 1152)");
    expect(lines).toContain("r2 = *(u64 *)(r8 + 1144)");
    expect(lines).toContain("r2 = *(u64 *)(r2 + 1168)");
    expect(lines).toContain("r3 = *(u32 *)(r1 + 1160)");
    expect(lines).toContain("r1 = *(u64 *)(r1 + 1048)");
    expect(lines).toContain("r1 = *(u64 *)(r1 + 1056)");
    expect(lines).toContain(`if r1 != ${0x6e736673} goto`);
  });

  test("says which type a kernel lacks", () => {
    const old = strangeKernel().filter(({ name }) => name !== "bpf_iter_task_file");
    const btf = new Btf(wholeFile(makeBtf(old)), NEEDED_TYPES);
    expect(() => iteratorId(btf)).toThrow(
      new MissingKernelType("the kernel's BTF has no function bpf_iter_task_file"),
    );
    const other = strangeKernel().map((type) =>
      type.name === "sock_common" ? { ...type, members: [] } : type
    );
    const changed = new Btf(wholeFile(makeBtf(other)), NEEDED_TYPES);
    expect(() => ownerProgram(changed, "initial", { cookies: true }))
      .toThrow("no sock_common.skc_cookie");
  });
});
