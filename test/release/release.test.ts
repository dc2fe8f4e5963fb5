/** What ./scripts/build --package left in dist/release. It takes a minute to make: ./scripts/test does it first. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import lock from "../../package-lock.json";
import { disarm, fetchRuntime, SWITCHES } from "../../scripts/release/runtime.ts";
import { billOfMaterials } from "../../scripts/release/sbom.ts";
import { hostTarget, TARGETS } from "../../scripts/release/targets.ts";
import { firstReason, testIf } from "../support/skip.ts";

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
    expect(fetchRuntime(root, target, cache)).rejects.toThrow(/is not what package-lock.json says/);
  });
});

test("the bill of materials names every bundled package and runtime, with digests", () => {
  const bill = billOfMaterials(root, version, TARGETS) as {
    components: { name: string; hashes: { content: string }[] }[];
  };
  const names = bill.components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(lock.packages[""].dependencies)));
  expect(names).toEqual(expect.arrayContaining(TARGETS.map((target) => target.package)));
  expect(names).not.toContain("fast-check");
  for (const { hashes } of bill.components) expect(hashes[0]!.content).toMatch(/^[0-9a-f]{128}$/);
});

testIf(needs("npm"), "the bill of materials says of each package what npm's own says of it", () => {
  type Component = { name: string; purl: string; hashes: unknown; licenses: unknown };
  const sbom = (...omit: string[]): Component[] => {
    const run = Bun.spawnSync(
      ["npm", "sbom", "--sbom-format=cyclonedx", "--package-lock-only", ...omit],
      { cwd: root, stdin: "ignore", stderr: "ignore" },
    );
    return JSON.parse(run.stdout.toString()).components;
  };
  const facts = ({ purl, hashes, licenses }: Component) => ({ purl, hashes, licenses });
  const { components } = billOfMaterials(root, version, TARGETS) as unknown as {
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
});

testIf(made ?? needs("sha256sum"), "SHA256SUMS fits every file", () => {
  expect(ran("sh", "-c", `cd "${release}" && sha256sum --quiet --check SHA256SUMS`)).toEqual({
    status: 0,
    stdout: "",
    stderr: "",
  });
  expect(readFileSync(join(release, "SHA256SUMS"), "utf8").split("\n")).toHaveLength(10);
});

/** What every target must do, started by `run`. */
function works(run: (...args: string[]) => ReturnType<typeof ran>): void {
  expect(run("--version").stdout).toMatch(/^sockeye \d+\.\d+\.\d+ \([0-9a-f]{12}\)\n$/);
  expect(run("--help")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("--listening"),
  });
  expect(run("--port", "x")).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^sockeye: --port x: .* expected N or N-M, 0 to 65535\n$/),
  });
  const listed = run("-t", "--json");
  expect(listed.status).toBe(0);
  expect(Array.isArray(JSON.parse(listed.stdout).sockets)).toBe(true);
}

describe("linux-x64", () => {
  testIf(firstReason(made, x64), "works", () => {
    works((...args) => ran(binary("linux-x64"), ...args));
  });
});

/** Makes a root that holds the program, musl and the C++ functions that the program takes from libstdc++, built for musl. */
function muslRoot(
  options: { program: string; machine: "x86_64" | "aarch64"; gcc: string; libc: string },
): string {
  const { program, machine, gcc, libc } = options;
  const place = join(folder, `musl-${machine}`);
  mkdirSync(join(place, "lib"), { recursive: true });
  mkdirSync(join(place, "proc"));
  const symbols = [
    ...ran("readelf", "-W", "--dyn-syms", program).stdout.matchAll(
      / UND ((?:_Z|__cxa_|__once|__dynamic|_Unwind|__gxx)\w+)/g,
    ),
  ].map(([, name]) => name!).filter((name) =>
    !["__cxa_finalize", "__cxa_thread_atexit_impl", "__cxa_atexit"].includes(name)
  );
  expect(symbols.length).toBeGreaterThan(20);
  // Copied into the program, so not undefined there.
  symbols.push("_ZTVN10__cxxabiv121__vmi_class_type_infoE");
  // No musl build of libstdc++ is packaged; the parts that are used need few things that musl lacks.
  const built = ran(
    gcc,
    "-shared",
    "-fPIC",
    "-nostdlib",
    "-o",
    join(place, "lib/libstdc++.so.6"),
    "-Wl,-soname,libstdc++.so.6,--gc-sections",
    ...symbols.map((name) => `-Wl,-u,${name}`),
    join(root, "test/support/libstdcxx_musl.c"),
    picOf(gcc),
    "-lgcc_eh",
    "-lgcc",
  );
  expect(built).toEqual({ status: 0, stdout: "", stderr: "" });
  const loader = `ld-musl-${machine}.so.1`;
  copyFileSync(libc, join(place, "lib", loader));
  chmodSync(join(place, "lib", loader), 0o755);
  symlinkSync(loader, join(place, `lib/libc.musl-${machine}.so.1`));
  copyFileSync(program, join(place, "sockeye"));
  return place;
}

/** Where a compiler keeps the C++ library that can be linked into another one. */
function picOf(gcc: string): string {
  return ran(gcc, "-print-file-name=libstdc++_pic.a").stdout.trim();
}

/** Why there is no libstdc++ to be made by a compiler. */
function noPic(gcc: string, packages: string): string | null {
  if (Bun.which(gcc) === null) return `there is no ${gcc}`;
  return existsSync(picOf(gcc)) ? null : `Debian's ${packages} package is not installed`;
}

/** Runs in a root, with /proc. */
const WITH_PROC = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';

describe("linux-x64-musl", () => {
  const musl = "/usr/lib/x86_64-linux-musl/libc.so";
  const at = () => binary("linux-x64-musl");
  const noMusl = existsSync(musl) ? null : "Debian's musl package is not installed";

  testIf(
    firstReason(made, x64, noMusl),
    "without libstdc++ is refused by the loader, as README says",
    () => {
      const run = ran(musl, at(), "--version");
      expect(run.status).toBe(127);
      expect(run.stderr).toContain("Error loading shared library libstdc++.so.6: No such file");
    },
  );

  testIf(
    firstReason(
      made,
      x64,
      rootReason,
      noMusl,
      noPic("gcc", "libstdc++-N-pic"),
      needs("readelf"),
      needs("unshare"),
    ),
    "works in a root that holds Debian's musl and the C++ functions that it needs",
    () => {
      const place = muslRoot({ program: at(), machine: "x86_64", gcc: "gcc", libc: musl });
      works((...args) => ran("unshare", "-m", "sh", "-c", WITH_PROC, place, "/sockeye", ...args));
      // And with nothing at all beside them.
      expect(ran("chroot", place, "/sockeye", "--version").status).toBe(0);
    },
  );
});

const QEMU = "qemu-aarch64-static";
/** Why a program for arm64 does not run as it is. qemu makes no sockets of this kind, so under it only /proc is read. */
const notArm64 = process.arch === "arm64"
  ? null
  : "this machine is not arm64, and qemu has no sock_diag and no BPF";

/** The program asks sock_diag and BPF. */
function asksTheKernel(program: string): void {
  const { status, stderr } = ran(program, "-a", "-v", "--owners=bpf");
  expect(status).toBe(0);
  expect(stderr).not.toContain("/proc/net/tcp");
  expect(stderr).toMatch(/owners: \d+ descriptors by BPF/);
}

describe("linux-arm64", () => {
  const sysroot = "/usr/aarch64-linux-gnu";
  testIf(
    firstReason(
      made,
      needs(QEMU),
      existsSync(`${sysroot}/lib/ld-linux-aarch64.so.1`)
        ? null
        : "Debian's libc6-arm64-cross package is not installed",
    ),
    "works under qemu, from /proc",
    () => {
      works((...args) => ran(QEMU, "-L", sysroot, binary("linux-arm64"), ...args));
    },
  );
  testIf(
    firstReason(made, notArm64, rootReason),
    "asks sock_diag and BPF",
    () => asksTheKernel(binary("linux-arm64")),
  );
});

describe("linux-arm64-musl", () => {
  const libc = join(cache, "musl-arm64/lib/aarch64-linux-musl/libc.so");
  testIf(made ?? needs("readelf"), "is a program for arm64 and musl", () => {
    const read = ran("readelf", "-hld", binary("linux-arm64-musl")).stdout;
    expect(read).toContain("AArch64");
    expect(read).toContain("/lib/ld-musl-aarch64.so.1");
    expect(read).toContain("[libstdc++.so.6]");
  });

  testIf(
    firstReason(
      made,
      rootReason,
      needs(QEMU),
      needs("readelf"),
      needs("unshare"),
      noPic("aarch64-linux-gnu-gcc", "libstdc++-N-pic-arm64-cross"),
      existsSync(libc) ? null : "Debian's musl package for arm64 was not fetched",
    ),
    "works under qemu in a root that holds Debian's musl for arm64, from /proc",
    () => {
      const place = muslRoot({
        program: binary("linux-arm64-musl"),
        machine: "aarch64",
        gcc: "aarch64-linux-gnu-gcc",
        libc,
      });
      copyFileSync(Bun.which(QEMU)!, join(place, "qemu"));
      works((...args) =>
        ran("unshare", "-m", "sh", "-c", WITH_PROC, place, "/qemu", "/sockeye", ...args)
      );
    },
    120_000,
  );
  testIf(
    firstReason(
      made,
      notArm64,
      rootReason,
      existsSync("/lib/ld-musl-aarch64.so.1") ? null : "this machine has no musl",
    ),
    "asks sock_diag and BPF",
    () => asksTheKernel(binary("linux-arm64-musl")),
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
  ];

  testIf(made ?? needs("dpkg-deb"), "the .deb holds program, man page and completions", () => {
    const listed = ran("dpkg-deb", "--contents", deb).stdout;
    for (const path of DEBIAN) expect(listed).toContain(` ${path}\n`);
  });

  const debian = join(cache, "debian");
  testIf(
    firstReason(
      made,
      x64,
      rootReason,
      needs("unshare"),
      existsSync(debian) ? null : "debootstrap could not make a root: see the top of the gate",
    ),
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
    120_000,
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
      ]
    ) {
      expect(listed).toMatch(new RegExp(`0/0 .* usr/${name}\n`));
    }
  });
});
