/**
 * Packages of the one file of a target: a .deb, and for Alpine a tarball that is unpacked at the root.
 *
 * The file must not be stripped: that would remove the program from it.
 *
 * @module
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { completionScript } from "../../src/cli/completion/mod.ts";
import { COMMANDS } from "../../src/program.ts";
import type { Target } from "./targets.ts";

/** The environment variables that name the packager, the same as for Debian's tools. */
const MAINTAINER = `${process.env.DEBFULLNAME ?? "Sockeye packagers"} <${
  process.env.DEBEMAIL ?? "packages@sockeye.invalid"
}>`;

/** The date of every file in a package, in seconds since 1970: the commit's. */
function epoch(root: string): string {
  const git = Bun.spawnSync(["git", "-C", root, "log", "-1", "--format=%ct"], { stderr: "ignore" });
  return process.env.SOURCE_DATE_EPOCH ?? (git.success ? git.stdout.toString().trim() : "0");
}

function run(command: readonly string[], env: Record<string, string> = {}): void {
  const ran = Bun.spawnSync([...command], {
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  if (!ran.success) throw new Error(`${command[0]} failed:\n${ran.stdout}${ran.stderr}`);
}

/** Writes a file into a tree that becomes a package. */
function put(path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

/** Compressed as gzip -9n does it: without name and time. */
function gzip(content: string | Uint8Array): Uint8Array {
  return Bun.gzipSync(typeof content === "string" ? Buffer.from(content) : Buffer.from(content), {
    level: 9,
  });
}

/** What a package is made of. */
export interface Package {
  readonly root: string;
  readonly version: string;
  readonly target: Target;
  /** The one file, and the notices shipped with it. */
  readonly program: string;
  readonly notice: string;
  /** Where the package goes. */
  readonly folder: string;
}

/** What both packages hold: program, man page, completions. `zsh` is the distribution's folder for its functions. */
async function putProgram(root: string, tree: string, program: string, zsh: string): Promise<void> {
  mkdirSync(join(tree, "usr/bin"), { recursive: true });
  copyFileSync(program, join(tree, "usr/bin/sockeye"));
  chmodSync(join(tree, "usr/bin/sockeye"), 0o755);
  const share = join(tree, "usr/share");
  put(join(share, "man/man1/sockeye.1.gz"), gzip(readFileSync(join(root, "doc/sockeye.1"))));
  put(join(share, "bash-completion/completions/sockeye"), await completionScript("bash", COMMANDS));
  put(join(share, zsh, "_sockeye"), await completionScript("zsh", COMMANDS));
  put(
    join(share, "fish/vendor_completions.d/sockeye.fish"),
    await completionScript("fish", COMMANDS),
  );
}

function filesBelow(tree: string): string[] {
  return [...new Bun.Glob("**/*").scanSync({ cwd: tree, dot: true })].sort();
}

/** Makes a .deb and returns its path. Wants dpkg-deb. */
export async function packageDebian(
  { root, version, target, program, notice, folder }: Package,
): Promise<string> {
  if (Bun.which("dpkg-deb") === null) {
    throw new Error("a .deb is made by dpkg-deb, which is missing");
  }
  const tree = join(folder, "tree");
  rmSync(tree, { recursive: true, force: true });
  try {
    await putProgram(root, tree, program, "zsh/vendor-completions");
    const time = epoch(root);
    const date = new Date(Number(time) * 1000).toUTCString().replace("GMT", "+0000");
    const doc = join(tree, "usr/share/doc/sockeye");
    put(
      join(doc, "copyright"),
      `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: sockeye

Files: *
Copyright: 2026 the Sockeye authors
License: Expat
${
        readFileSync(join(root, "LICENSE"), "utf8").trimEnd().split("\n").slice(4).map((line) =>
          line === "" ? " ." : ` ${line}`
        ).join("\n")
      }

Files: usr/bin/sockeye
Copyright: 2026 the Sockeye authors
 2022-2026 the authors of Bun, of JavaScriptCore and of the libraries they use
 2005-2020 Rich Felker, et al.
 1997-2022 Free Software Foundation, Inc.
License: Expat and LGPL-2.0+ and GPL-3.0+ with GCC-Runtime-Library-exception and others
 The program carries the runtime Bun, which is under the Expat license and contains JavaScriptCore, parts of which are
 under the GNU Library General Public License, version 2 or newer. On Debian systems its text is in
 /usr/share/common-licenses/LGPL-2.
 .
 It also carries musl, under the Expat license, and parts of libstdc++ and libgcc, under the GNU General Public License,
 version 3 or newer, with the GCC Runtime Library Exception, version 3.1. On Debian systems the text of the former is in
 /usr/share/common-licenses/GPL-3; the exception's, and the versions, are in /usr/share/doc/sockeye/NOTICES.gz.
`,
    );
    put(join(doc, "NOTICES.gz"), gzip(readFileSync(notice)));
    put(
      join(doc, "changelog.gz"),
      gzip(`sockeye (${version}) unstable; urgency=medium

  * Release ${version}.

 -- ${MAINTAINER}  ${date}
`),
    );
    put(
      join(tree, "usr/share/lintian/overrides/sockeye"),
      `# The program stands behind the runtime in the same file, where strip would cut it off.
sockeye: unstripped-binary-or-object *
# They are part of the runtime.
sockeye: embedded-library *
# It brings its C library.
sockeye: statically-linked-binary *
sockeye: hardening-no-pie *
sockeye: hardening-no-relro *
sockeye: spelling-error-in-binary *
# Where dpkg has no interface: which package a file belongs to, without starting a process.
sockeye: uses-dpkg-database-directly *
`,
    );
    const installed = filesBelow(tree).reduce(
      (sum, path) => sum + Math.ceil(Bun.file(join(tree, path)).size / 1024),
      0,
    );
    const sums = filesBelow(tree).map((path) =>
      `${
        new Bun.CryptoHasher("md5").update(readFileSync(join(tree, path))).digest("hex")
      }  ${path}\n`
    ).join("");
    put(join(tree, "DEBIAN/md5sums"), sums);
    put(
      join(tree, "DEBIAN/control"),
      `Package: sockeye
Version: ${version}
Architecture: ${target.debian}
Maintainer: ${MAINTAINER}
Installed-Size: ${installed}
Section: net
Priority: optional
Description: every socket, every process that holds it, and how far it can be reached
 Sockeye lists the sockets of a host or a container with all of their
 owners, says how far each can be reached, and compares hosts with
 policies and with what they were. It also speaks the languages of ss,
 netstat and lsof.
 .
 Run it by sudo where more is to be seen; it refuses to run with file
 capabilities.
`,
    );
    const path = join(folder, `sockeye_${version}_${target.debian}.deb`);
    // gzip would be larger and xz at its best takes a minute.
    run(["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", tree, path], {
      SOURCE_DATE_EPOCH: time,
    });
    return path;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** Makes a tarball for the root of an Alpine system and returns its path. */
export async function packageAlpine(
  { root, version, target, program, notice, folder }: Package,
): Promise<string> {
  const tree = join(folder, "tree");
  rmSync(tree, { recursive: true, force: true });
  try {
    await putProgram(root, tree, program, "zsh/site-functions");
    put(join(tree, "usr/share/licenses/sockeye/LICENSE"), readFileSync(join(root, "LICENSE")));
    put(join(tree, "usr/share/licenses/sockeye/NOTICES"), readFileSync(notice));
    const path = join(folder, `sockeye-${version}-alpine-${target.machine}.tar.gz`);
    run([
      "tar",
      "--create",
      "--sort=name",
      `--mtime=@${epoch(root)}`,
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--format=ustar",
      "--use-compress-program=gzip -6n",
      `--file=${relative(process.cwd(), path)}`,
      `--directory=${tree}`,
      "usr",
    ]);
    return path;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}
