/** What ./scripts/build --package left in dist/release. It takes a minute to make: ./scripts/test does it first. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import lock from "../../package-lock.json";
import { findParts, type Library, notices } from "../../scripts/release/one_file/parts.ts";
import { disarm, fetchRuntime, SWITCHES } from "../../scripts/release/runtime.ts";
import { billOfMaterials } from "../../scripts/release/sbom.ts";
import { hostTarget, TARGETS } from "../../scripts/release/targets.ts";
import { makeRoot, ROOTS } from "../support/roots.ts";
import { asleep } from "../support/asleep.ts";
import { firstReason, skip, testIf } from "../support/skip.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const release = join(root, "dist/release");
const { version } = lock;
const binary = (name: string) => join(release, `sockeye-${version}-${name}`);

/** Why there is no release to be tested. */
const made = process.env.SOCKEYE_RELEASE === "made"
  ? null
  : process.env.SOCKEYE_RELEASE ?? "./scripts/test and ./scripts/test_release build it";
/** Where scripts/tools keeps what it fetched. */
const cache = process.env.SOCKEYE_CACHE ?? "/nonexistent";
const needs = (program: string) => Bun.which(program) === null ? `there is no ${program}` : null;
const rootReason = process.getuid?.() === 0 ? null : "only root can do this";
const x64 = process.arch === "x64" ? null : "this is not an x86-64 machine";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-release-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function ran(...command: string[]) {
  const run = Bun.spawnSync(command, { stdin: "ignore", env: { PATH: process.env.PATH ?? "" } });
  return { status: run.exitCode, stdout: run.stdout.toString(), stderr: run.stderr.toString() };
}

describe("the runtime", () => {
  test("is refused when a switch is not found as often as it should be", () => {
    const names = SWITCHES.flatMap(([name, hits]) => Array<string>(hits).fill(`${name}\0`));
    const good = Buffer.from(names.join(""));
    disarm(good);
    for (const [name] of SWITCHES) expect(good.includes(name)).toBe(false);
    expect(() => disarm(Buffer.from(names.slice(1).join("")))).toThrow(/BUN_BE_BUN stands 0 times/);
    expect(() => disarm(Buffer.from([...names, "BUN_OPTIONS\0"].join("")))).toThrow(
      /BUN_OPTIONS stands 3 times in the runtime, not 2/,
    );
  });

  test("from a package that was tampered with is refused", async () => {
    const target = hostTarget();
    const cache = join(folder, "cache");
    mkdirSync(cache);
    const { version } = lock.packages["node_modules/@oven/bun-linux-x64"];
    const name = `${target.package.replace("@", "").replace("/", "-")}-${version}.tgz`;
    await Bun.write(join(cache, name), "not it");
    await expect(fetchRuntime(root, target.package, cache)).rejects.toThrow(
      /is not what package-lock.json says/,
    );
  });
});

/** A library as one is found by findParts(), whatever is installed here. */
const LIBRARIES: readonly Library[] = [{
  name: "libstdc++",
  debian: "libstdc++-12-pic",
  version: "12.2.0-14+deb12u1",
  architecture: "amd64",
  file: join(root, "LICENSE"),
  license: "GPL-3.0-or-later WITH GCC-exception-3.1",
  copyright: join(root, "LICENSE"),
}];

test("the bill of materials names every bundled package, runtime and library, with digests", async () => {
  const bill = await billOfMaterials(root, version, TARGETS, LIBRARIES) as {
    components: { name: string; hashes: { content: string }[] }[];
  };
  const names = bill.components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(lock.packages[""].dependencies)));
  expect(names).toEqual(expect.arrayContaining(TARGETS.map((target) => target.package)));
  expect(names).toContain("libstdc++");
  expect(names).not.toContain("fast-check");
  for (const { hashes } of bill.components) expect(hashes[0]!.content).toMatch(/^[0-9a-f]{128}$/);
});

testIf(
  needs("npm"),
  "the bill of materials says of each package what npm's own says of it",
  async () => {
    type Component = { name: string; purl: string; hashes: unknown; licenses: unknown };
    const sbom = (...omit: string[]): Component[] => {
      const run = Bun.spawnSync(
        ["npm", "sbom", "--sbom-format=cyclonedx", "--package-lock-only", ...omit],
        { cwd: root, stdin: "ignore", stderr: "ignore" },
      );
      return JSON.parse(run.stdout.toString()).components;
    };
    const facts = ({ purl, hashes, licenses }: Component) => ({ purl, hashes, licenses });
    const { components } = await billOfMaterials(root, version, TARGETS, []) as unknown as {
      components: Component[];
    };
    const ours = new Map(components.map((component) => [component.name, facts(component)]));
    const shipped = sbom("--omit=dev", "--omit=optional");
    expect(shipped.length).toBeGreaterThan(4);
    for (const component of shipped) expect(ours.get(component.name)).toEqual(facts(component));
    // What npm takes for a tool of development only, though it is in the file, is in its whole list.
    const all = new Map(sbom().map((component) => [component.name, facts(component)]));
    for (const [name, fact] of ours) {
      if (all.has(name)) expect(fact).toEqual(all.get(name)!);
      else expect(TARGETS.map((target) => target.package)).toContain(name);
    }
  },
);

testIf(made ?? needs("sha256sum"), "SHA256SUMS fits every file", () => {
  expect(ran("sh", "-c", `cd "${release}" && sha256sum --quiet --check SHA256SUMS`)).toEqual({
    status: 0,
    stdout: "",
    stderr: "",
  });
  expect(readFileSync(join(release, "SHA256SUMS"), "utf8").split("\n")).toHaveLength(9);
});

test("the notices name each library with version and licence, and hold every licence once", () => {
  const text = notices(root, version, [...LIBRARIES, ...LIBRARIES]);
  expect(text).toContain(
    "- libstdc++, from Debian's package libstdc++-12-pic 12.2.0-14+deb12u1 (GPL-3.0-or-later WITH GCC-exception-3.1);",
  );
  expect(text.split("=".repeat(80))).toHaveLength(3);
});

testIf(
  made,
  "the release's bill and notices name musl, libstdc++ and libgcc for each target",
  () => {
    const bill = JSON.parse(readFileSync(join(release, `sockeye-${version}.cdx.json`), "utf8"));
    const notice = readFileSync(join(release, `sockeye-${version}-NOTICES.txt`), "utf8");
    for (const name of ["musl", "libstdc++", "libgcc"]) {
      const found = bill.components.filter((component: { name: string }) =>
        component.name === name
      );
      expect(found).toHaveLength(TARGETS.length);
      expect(notice).toContain(`- ${name}, from Debian's package `);
    }
    expect(notice).toContain("Rich Felker");
    expect(notice).toContain("GCC RUNTIME LIBRARY EXCEPTION");
  },
);

/** What every target must do, started by `run`. */
function works(run: (...args: string[]) => ReturnType<typeof ran>): void {
  expect(run("--version").stdout).toMatch(/^sockeye \d+\.\d+\.\d+ \([0-9a-f]{12}\)\n$/);
  expect(run("--help")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("--all"),
  });
  expect(run("--port", "x")).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(
      /^sockeye: --port x: .* expected N, N-M or a service, 0 to 65535\n$/,
    ),
  });
  const listed = run("-t", "--json");
  expect(listed.status).toBe(0);
  expect(Array.isArray(JSON.parse(listed.stdout).sockets)).toBe(true);
}

/** What the shell is told to run a program in a root, with /proc. */
const WITH_PROC = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
const debian = join(cache, "debian");
const noDebian = existsSync(debian)
  ? null
  : "debootstrap could not make a root: see the top of the gate";

const QEMU = "qemu-aarch64-static";
const busybox = Bun.which("busybox");
for (const target of TARGETS) {
  const native = target.arch === process.arch;
  const emulator = native ? null : Bun.which(QEMU);
  const missing = firstReason(
    made,
    native ? null : x64,
    native ? null : needs(QEMU),
    rootReason,
    needs("unshare"),
    needs("python3"),
  );
  const file = binary(target.name);
  const parts = made === null ? findParts(target) : null;
  /** Started in a root by these words. */
  const command = [...(emulator === null ? [] : ["/emulator"]), "/sockeye"];
  const inside = (place: string, ...args: string[]) =>
    ran(
      "unshare",
      "-m",
      "sh",
      "-c",
      WITH_PROC,
      place,
      ...command,
      ...args,
    );

  describe(target.name, () => {
    testIf(missing, "starts here and does what every target must do", () => {
      works((...args) => ran(...(emulator === null ? [] : [emulator]), file, ...args));
    }, 400_000);

    for (const [index, kind] of ROOTS.entries()) {
      testIf(missing, `works in ${kind}`, () => {
        const place = join(folder, `root-${target.name}-${index}`);
        makeRoot(kind, place, {
          target,
          program: file,
          emulator,
          ...parts!,
          libc: parts!.musl,
          busybox,
        });
        try {
          works((...args) => inside(place, ...args));
          const run = ran(
            "unshare",
            "-m",
            "python3",
            join(root, "test/support/in_root.py"),
            place,
            "LD_PRELOAD=/hostile.so /lib/hostile.so",
            "LD_LIBRARY_PATH=/:/lib",
            "LD_AUDIT=/hostile.so",
            "GLIBC_TUNABLES=glibc.malloc.check=3",
            "MALLOC_PERTURB_=85",
            "--",
            ...command,
            "--version",
          );
          expect(run).toEqual({ ...inside(place, "--version"), stderr: "" });
        } finally {
          rmSync(place, { recursive: true });
        }
      }, 300_000);
    }

    testIf(firstReason(missing, noDebian), "works in a root made by debootstrap", () => {
      const place = join(folder, `root-${target.name}-debian`);
      expect(ran("cp", "-a", debian, place).status).toBe(0);
      copyFileSync(file, join(place, "sockeye"));
      if (emulator !== null) copyFileSync(emulator, join(place, "emulator"));
      try {
        works((...args) => inside(place, ...args));
      } finally {
        rmSync(place, { recursive: true });
      }
    }, 300_000);

    testIf(missing, "says in one line what is missing: /proc, a newer kernel", () => {
      const place = join(folder, `root-${target.name}-refused`);
      makeRoot(ROOTS[0], place, {
        target,
        program: file,
        emulator,
        ...parts!,
        libc: parts!.musl,
        busybox,
      });
      const command = emulator === null ? ["/sockeye"] : ["/emulator", "/sockeye"];
      for (const args of [["--version"], [], ["ss", "-tln"]]) {
        expect(ran("chroot", place, ...command, ...args)).toEqual({
          status: 2,
          stdout: "",
          stderr:
            "sockeye: /proc is not mounted here, and what processes hold is read there: mount -t proc proc /proc\n",
        });
      }
      rmSync(place, { recursive: true });
    });

    const asKernel = native ? "qemu-x86_64-static" : QEMU;
    testIf(
      firstReason(missing, needs(asKernel)),
      "refuses a kernel that is too old, whatever it calls itself",
      () => {
        for (const release of ["3.2.0", "2.6.32-754.el6.x86_64", "2.6.49", "3.9.11"]) {
          expect(ran(asKernel, "-r", release, file, "--version")).toEqual({
            status: 2,
            stdout: "",
            stderr: `sockeye: this kernel is Linux ${release}: 3.10 or newer is needed\n`,
          });
        }
        for (const release of ["3.10.0-1160.el7.x86_64", "4.4.0", "2.6.50", "2.6.78", "10.1"]) {
          // On this machine's own kind of processor the emulator cannot run the runtime any further.
          expect(ran(asKernel, "-r", release, file, "--version").stderr).not.toContain("newer");
        }
      },
      400_000,
    );

    // That of the other processor does in a guest: see docs/kernels.md. The emulator makes no sockets of this kind.
    if (native) {
      testIf(firstReason(made, rootReason), "asks sock_diag and BPF", () => {
        const { status, stderr } = ran(file, "-a", "-v", "--owners=bpf");
        expect(status).toBe(0);
        expect(stderr).not.toContain("/proc/net/tcp");
        const refused = /owners: by \/proc, not BPF: (.*)/.exec(stderr);
        if (refused !== null) skip(refused[1]!);
        expect(stderr).toMatch(/owners: \d+ descriptors by BPF/);
      });
    }

    testIf(
      made ?? needs("readelf"),
      "is a sound ELF file that keeps its sections and symbols",
      () => {
        const read = ran("readelf", "-W", "--file-header", "--segments", "--sections", file);
        expect(read).toMatchObject({ status: 0, stderr: "" });
        expect(read.stdout).not.toContain("INTERP ");
        for (const name of [".text", ".symtab", ".bun", ".cxx.text", ".joined", ".musl.text"]) {
          expect(read.stdout).toContain(` ${name} `);
        }
        // Nothing is both written and executed.
        expect(read.stdout).not.toMatch(/LOAD .* RWE /);
      },
    );
  });
}

test("the plain program of this machine does what every target must do", () => {
  works((...args) => ran(join(root, "dist/sockeye"), ...args));
});

describe("linux-x64, on this machine,", () => {
  const file = binary("linux-x64");
  const here = firstReason(made, x64);

  testIf(here, "says that the stack is too small, in one line", () => {
    expect(ran("sh", "-c", 'ulimit -s 64; exec "$0" --version', file)).toEqual({
      status: 2,
      stdout: "",
      stderr: "sockeye: the stack may have less than 192 kB here, and the runtime in this file " +
        "needs more: ulimit -s 8192\n",
    });
  });

  testIf(
    firstReason(here, needs("qemu-x86_64-static")),
    "refuses a processor that lacks what the runtime needs",
    () => {
      for (
        const [cpu, lacks] of [["core2duo", "SSE4.1"], ["qemu64", "SSSE3"], ["kvm64", "SSSE3"]]
      ) {
        const run = ran("qemu-x86_64-static", "-cpu", cpu!, file, "--version");
        expect(run.status).toBe(2);
        expect(run.stdout).toBe("");
        expect(run.stderr).toMatch(
          /^(qemu-x86_64-static: warning: .*\n)*sockeye: this processor lacks \S+, which the runtime in this file is compiled for\n$/,
        );
        expect(run.stderr).toContain(` ${lacks},`);
      }
    },
  );

  testIf(
    firstReason(here, rootReason, needs("setpriv")),
    "refuses to run with rights that the file gives, before anything reads the environment",
    () => {
      const copy = join(folder, "setuid");
      copyFileSync(file, copy);
      chmodSync(folder, 0o755);
      chmodSync(copy, 0o4755);
      const run = Bun.spawnSync([
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        copy,
        "--version",
      ], { env: { PATH: process.env.PATH ?? "", BUN_JSC_dumpOptions: "3" } });
      expect(run.exitCode).toBe(2);
      expect(run.stdout.toString()).toBe("");
      expect(run.stderr.toString()).toMatch(
        /^sockeye: file capabilities or the setuid bit .* sudo\n$/,
      );
      rmSync(copy);
    },
  );

  testIf(
    firstReason(here, needs("strace")),
    "opens no library and makes no file in memory on the way to its first answer",
    () => {
      const trace = join(folder, "trace");
      expect(ran("strace", "-f", "-o", trace, file, "-t").status).toBe(0);
      const calls = readFileSync(trace, "latin1");
      expect(calls).toContain("/proc/");
      expect(calls).not.toMatch(/memfd_create|\.so\b|\/etc\/ld/);
      expect(calls).not.toMatch(/PROT_WRITE\|PROT_EXEC.*"\//);
    },
  );

  testIf(
    firstReason(here, needs("python3")),
    "works under filters as docker and podman set them",
    () => {
      const filter = join(root, "test/support/seccomp.py");
      for (const engine of ["docker", "podman"]) {
        works((...args) => ran("python3", filter, engine, file, ...args));
      }
    },
  );

  testIf(here, "works with eight descriptors, and under the personality of Linux 2.6", () => {
    works((...args) => ran("sh", "-c", 'ulimit -n 8; exec "$0" "$@"', file, ...args));
    if (Bun.which("setarch") !== null) {
      expect(ran("setarch", "--uname-2.6", file, "--version").status).toBe(0);
    }
  });

  testIf(
    firstReason(here, needs("gdb")),
    "can be looked into by a debugger",
    () => {
      const run = ran(
        "gdb",
        "-batch",
        "-nx",
        "-ex",
        "handle all nostop noprint pass",
        "-ex",
        "catch syscall exit_group",
        "-ex",
        "run",
        "-ex",
        "info files",
        "-ex",
        "kill",
        "--args",
        file,
        "--version",
      );
      expect(run.stdout).toContain("Catchpoint 1 (call to syscall exit_group)");
      expect(run.stdout).toContain(" is .musl.text\n");
    },
    400_000,
  );

  const pattern = readFileSync("/proc/sys/kernel/core_pattern", "latin1").trim();
  testIf(
    firstReason(
      here,
      needs("gdb"),
      /^[a-z]+$/.test(pattern) ? null : `cores of this machine go to ${pattern}`,
    ),
    "leaves a core file that a debugger reads",
    async () => {
      const place = join(folder, "cores");
      mkdirSync(place);
      // The kernel notes 15 letters of its name.
      const copy = join(folder, "sockeye");
      copyFileSync(file, copy);
      const child = Bun.spawn([
        "sh",
        "-c",
        'ulimit -c unlimited; exec "$0" lsof -r 60 -a -p $$ -d cwd',
        copy,
      ], { cwd: place, stdin: "ignore", stdout: "pipe", stderr: "ignore" });
      // Once it has printed, it waits.
      const reader = child.stdout.getReader();
      await reader.read();
      await asleep(child.pid);
      child.kill("SIGQUIT");
      await child.exited;
      const [core] = readdirSync(place);
      const read = ran(
        "gdb",
        "-batch",
        "-nx",
        "-ex",
        "info files",
        "-ex",
        "p $pc",
        copy,
        join(place, core!),
      );
      expect(read.stderr).not.toMatch(/not match|corrupt|truncated/i);
      expect(read.stdout).toContain("Program terminated with signal SIGQUIT");
      expect(read.stdout).toContain(" is .musl.text\n");
      expect(read.stdout).toMatch(/\$1 = \(void \(\*\)\(\)\) 0x[0-9a-f]+/);
      rmSync(place, { recursive: true });
      rmSync(copy);
    },
    400_000,
  );

  testIf(
    firstReason(here, needs("gzip"), needs("sha256sum")),
    "is copied once and then run by the lines in docs/servers.md",
    () => {
      const lines = /```sh\n(host=web1[\s\S]*?)```/.exec(
        readFileSync(join(root, "docs/servers.md"), "utf8"),
      )![1]!;
      // The other host is another home.
      const place = join(folder, "ssh");
      for (const path of ["bin", "home"]) mkdirSync(join(place, path), { recursive: true });
      const put = (name: string, content: string) => {
        writeFileSync(join(place, "bin", name), `#!/bin/sh\n${content}\n`);
        chmodSync(join(place, "bin", name), 0o755);
      };
      put("ssh", `echo "$*" >> ${place}/asked; shift; cd ${place}/home && exec sh -c "$*"`);
      put("sudo", `exec "$@" --version`);
      const start = () =>
        Bun.spawnSync(["sh", "-euc", lines], {
          cwd: root,
          env: { PATH: `${place}/bin:${process.env.PATH}` },
          stdin: "ignore",
        });
      for (const asked of [4, 3]) {
        const run = start();
        expect([run.exitCode, run.stderr.toString()]).toEqual([0, ""]);
        expect(run.stdout.toString()).toBe(ran(file, "--version").stdout);
        expect(readFileSync(join(place, "asked"), "utf8").trim().split("\n")).toHaveLength(asked);
        rmSync(join(place, "asked"));
      }
      expect(lines).toContain(`version=${version}`);
    },
  );

  testIf(firstReason(here, needs("ldd"), needs("file")), "is static to file and ldd", () => {
    expect(ran("file", file).stdout).toContain("statically linked");
    expect(ran("ldd", file).stderr).toContain("not a dynamic executable");
  });

  testIf(here, "starts with no more page faults than the plain program", () => {
    const plain = join(root, "dist/sockeye");
    // Copied alike, as how a file was written decides how it lies in memory.
    const copies = [file, plain].map((path, index) => {
      const copy = join(folder, `copy-${index}`);
      expect(ran("cp", path, copy).status).toBe(0);
      return copy;
    });
    expect(ran("sync").status).toBe(0);
    const faults = copies.map((copy) =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const script =
            "import os,sys,resource; os.spawnv(os.P_WAIT, sys.argv[1], [sys.argv[1], '--version']); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt)";
          return Number(ran("python3", "-c", script, copy).stdout.trim().split("\n").at(-1));
        }),
      )
    );
    expect(faults[0]!).toBeGreaterThan(100);
    expect(faults[0]! / faults[1]!).toBeLessThan(1.05);
  });
});

describe("linux-arm64", () => {
  testIf(
    firstReason(
      made,
      needs(QEMU),
      needs("aarch64-linux-gnu-gcc"),
      existsSync("/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1")
        ? null
        : "Debian's libc6-arm64-cross package is not installed",
    ),
    "refuses a processor that lacks what the runtime needs",
    () => {
      // No processor that qemu knows lacks it, so the question alone is asked.
      const source = join(folder, "lacks.c");
      writeFileSync(
        source,
        `extern int puts(const char *); extern void _exit(int);
#define _start unused_start
#include "${join(root, "scripts/release/one_file/machine.h")}"
const void *prepare(unsigned long *stack) { return stack; }
int main(int argc, char **argv) {
  (void)argv;
  const char *lacks = processor_lacks(argc == 1 ? 0x7f : 0xff);
  puts(lacks ? lacks : "nothing");
  return 0;
}
`,
      );
      const program = join(folder, "lacks");
      // Its own entry is made weak by renaming the one that the header defines.
      const header = readFileSync(join(root, "scripts/release/one_file/machine.h"), "latin1");
      writeFileSync(join(folder, "machine.h"), header.replaceAll("_start", "other_start"));
      writeFileSync(
        source,
        readFileSync(source, "latin1").replace(/#include .*/, '#include "machine.h"'),
      );
      expect(ran("aarch64-linux-gnu-gcc", "-static", "-o", program, source)).toMatchObject({
        status: 0,
      });
      expect(ran(QEMU, program).stdout).toBe("CRC32\n");
      expect(ran(QEMU, program, "x").stdout).toBe("nothing\n");
    },
  );
});

describe("packages", () => {
  const deb = join(release, `sockeye_${version}_amd64.deb`);
  const DEBIAN = [
    "./usr/bin/sockeye",
    "./usr/share/man/man1/sockeye.1.gz",
    "./usr/share/bash-completion/completions/sockeye",
    "./usr/share/zsh/vendor-completions/_sockeye",
    "./usr/share/fish/vendor_completions.d/sockeye.fish",
    "./usr/share/doc/sockeye/copyright",
    "./usr/share/doc/sockeye/NOTICES.gz",
  ];

  testIf(made ?? needs("dpkg-deb"), "the .deb holds program, man page and completions", () => {
    const listed = ran("dpkg-deb", "--contents", deb).stdout;
    for (const path of DEBIAN) expect(listed).toContain(` ${path}\n`);
  });

  testIf(
    firstReason(made, x64, rootReason, needs("unshare"), noDebian),
    "the .deb installs into a root made by debootstrap, works there, and is removed without a trace",
    () => {
      const place = join(folder, "debian");
      expect(ran("cp", "-a", debian, place).status).toBe(0);
      copyFileSync(deb, join(place, "root/sockeye.deb"));
      const inside = (...args: string[]) =>
        ran("unshare", "-m", "sh", "-c", WITH_PROC, place, ...args);
      // Names depend on nothing that the root does not have: no --force.
      expect(inside("dpkg", "--install", "/root/sockeye.deb")).toMatchObject({
        status: 0,
        stderr: "",
      });
      expect(inside("dpkg", "--verify", "sockeye")).toMatchObject({ status: 0, stdout: "" });
      expect(inside("dpkg", "--audit")).toMatchObject({ status: 0, stdout: "" });
      works((...args) => inside("/usr/bin/sockeye", ...args));
      const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
      try {
        const run = inside("sockeye", "--port", String(listener.port));
        expect(run.status).toBe(0);
        expect(run.stdout).toContain(`pid=${process.pid},`);
        expect(inside("sockeye", "ss", "-tlnp").stdout).toContain(`pid=${process.pid},`);
      } finally {
        listener.stop();
      }
      const installed = inside("dpkg", "--listfiles", "sockeye").stdout.trim().split("\n").filter((
        path,
      ) => path.includes("sockeye"));
      expect(installed.length).toBeGreaterThan(6);
      expect(inside("dpkg", "--purge", "sockeye")).toMatchObject({ status: 0, stderr: "" });
      for (const path of installed) {
        expect(existsSync(join(place, path))).toBe(false);
      }
      rmSync(place, { recursive: true });
    },
    400_000,
  );

  testIf(
    made ?? needs("lintian"),
    "lintian finds neither errors nor warnings in either .deb",
    () => {
      const arm64 = join(release, `sockeye_${version}_arm64.deb`);
      expect(ran("lintian", "--allow-root", "--fail-on=error,warning", deb, arm64)).toMatchObject({
        status: 0,
        stdout: "",
      });
    },
    300_000,
  );

  testIf(made ?? needs("tar"), "Alpine's tarball holds the same, owned by root", () => {
    const path = join(release, `sockeye-${version}-alpine-x86_64.tar.gz`);
    const listed = ran("tar", "--list", "--verbose", "--file", path).stdout;
    expect(basename(path)).toBe(`sockeye-${version}-alpine-x86_64.tar.gz`);
    for (
      const name of [
        "bin/sockeye",
        "share/man/man1/sockeye.1.gz",
        "share/zsh/site-functions/_sockeye",
        "share/licenses/sockeye/NOTICES",
      ]
    ) {
      expect(listed).toMatch(new RegExp(`0/0 .* usr/${name}\n`));
    }
  });
});
