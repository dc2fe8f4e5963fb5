import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BPF_PROG_TYPE_CGROUP_SOCK_ADDR } from "../../ffi/bpf.ts";
import { EINVAL } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { loadHook } from "../../src/bpf/attachment.ts";
import type { Btf } from "../../src/bpf/btf.ts";
import { exit, moveImmediate, R0 } from "../../src/bpf/instruction.ts";
import { iteratorId } from "../../src/bpf/program.ts";
import { probeTypes, verifierLines, verifierReason } from "../../src/bpf/probe.ts";
import { ATTACH } from "../../src/events/kernel/uapi.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { makeBtf, strangeKernel } from "../support/btf.ts";
import { procTree } from "../support/proc_tree.ts";
import { skip, testIf } from "../support/skip.ts";

describe("probeTypes()", () => {
  const iterator = (btf: Btf) => ({ ok: true, value: iteratorId(btf) }) as const;

  test("says that BTF is missing", () => {
    expect(probeTypes(iterator, "/nonexistent/btf")).toEqual({
      ok: false,
      reason:
        "/nonexistent/btf is missing: the kernel has no BTF (CONFIG_DEBUG_INFO_BTF), or no sysfs",
    });
  });

  test("says what is wrong with a file, or with the kernel it is about", () => {
    const folder = mkdtempSync(join(tmpdir(), "sockeye-btf-"));
    try {
      const path = join(folder, "btf");
      writeFileSync(path, "not BTF, not at all");
      expect(probeTypes(iterator, path)).toMatchObject({
        ok: false,
        reason: expect.stringContaining("BTF"),
      });
      const old = strangeKernel().filter(({ kind }) => kind !== "FUNC");
      writeFileSync(path, makeBtf(old));
      expect(probeTypes(iterator, path)).toEqual({
        ok: false,
        reason: "the kernel's BTF has no function bpf_iter_task_file",
      });
      writeFileSync(path, makeBtf(strangeKernel()));
      expect(probeTypes(iterator, path)).toEqual({ ok: true, value: 16 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("verifierReason()", () => {
  const log = (text: string) => new TextEncoder().encode(`${text}\0rest`);

  test("tells what the verifier said last", () => {
    expect(verifierReason(EINVAL, log("0: R1=ctx()\nR1 invalid mem access\nprocessed 5 insns\n")))
      .toBe("the kernel refused the owner program: R1 invalid mem access");
    expect(verifierReason(EINVAL, log(""))).toEndWith("invalid argument (EINVAL)");
  });

  test("and the whole log is kept, line by line, what is said twice as well", () => {
    expect(
      verifierLines(
        log("0: R1=ctx()\n; call\n\n; call\nR1 invalid mem access\nprocessed 5 insns\n"),
      ),
    )
      .toEqual(["0: R1=ctx()", "; call", "; call", "R1 invalid mem access", "processed 5 insns"]);
    expect(verifierLines(log(""))).toEqual([]);
  });

  test("explains a helper that an old kernel does not know", () => {
    expect(verifierReason(EINVAL, log("invalid func unknown#162"))).toStartWith(
      "the kernel is too old for the owner program, which needs 5.11",
    );
  });

  test("explains lockdown", () => {
    using tree = procTree({ "sys/kernel/security/lockdown": "none integrity [confidentiality]\n" });
    expect(verifierReason(EINVAL, log("unknown func"), new ProcRoot(tree.path)))
      .toStartWith("the kernel is locked down (confidentiality)");
  });
});

describe("probePermission()", () => {
  const asRoot = process.getuid?.() === 0 ? null : "not root";
  const ask = (before: readonly string[]) => {
    const script =
      `const { probePermission } = await import("${import.meta.dir}/../../src/bpf/probe.ts");` +
      "console.log(JSON.stringify(probePermission()));";
    const ran = Bun.spawnSync([...before, process.execPath, "-e", script], { stdin: "ignore" });
    return JSON.parse(ran.stdout.toString());
  };

  testIf(asRoot, "names the capabilities that are missing", () => {
    const nobody = ["setpriv", "--reuid=65534", "--clear-groups"];
    expect(ask(nobody)).toEqual({
      ok: false,
      reason: "bpf(2) is not permitted: CAP_BPF and CAP_PERFMON are missing",
    });
    expect(ask([...nobody, "--inh-caps=+bpf", "--ambient-caps=+bpf"])).toEqual({
      ok: false,
      reason: "bpf(2) is not permitted: CAP_PERFMON is missing",
    });
  });

  testIf(asRoot, "says that root of a user namespace is not enough", () => {
    const made = Bun.spawnSync(["unshare", "-U", "-r", "true"]);
    if (!made.success) skip("no user namespace can be made");
    expect(ask(["unshare", "-U", "-r"])).toEqual({
      ok: false,
      reason: expect.stringContaining("a user namespace or a seccomp filter"),
    });
  });
});

describe("loadHook()", () => {
  const asRoot = process.getuid?.() === 0 ? null : "not root";
  const hook = (attachType: number) => ({
    name: "sockeye_test",
    code: [moveImmediate(R0, 1), exit()],
    since: "9.9",
    on: { programType: BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attachType },
  });

  testIf(
    asRoot,
    "tells a hook that the kernel does not know from a program that it refuses",
    () => {
      const known = loadHook(hook(ATTACH.inet4Connect), null);
      if (!known.ok) skip(known.reason);
      close(known.value);
      expect(loadHook(hook(4000), null)).toEqual({
        ok: false,
        reason:
          "the kernel does not know what the program sockeye_test is for (EINVAL): that came with Linux 9.9",
      });
      const wrong = loadHook({ ...hook(ATTACH.inet4Connect), code: [exit()] }, null);
      expect(wrong).toMatchObject({
        ok: false,
        reason: expect.stringContaining("the kernel refused the program sockeye_test: "),
      });
    },
  );
});
