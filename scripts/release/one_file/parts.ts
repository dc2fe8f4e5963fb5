/**
 * What the one file takes from Debian's packages beside the runtime: musl, and the parts of libstdc++ and libgcc.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Target } from "../targets.ts";

/** Where the parts for a target are. */
export interface Parts {
  /** The compiler's program. */
  readonly gcc: string;
  /** musl's libc.so, which is its loader as well. */
  readonly musl: string;
  /** libstdc++_pic.a: not made for musl, but what is used of it needs little that musl lacks. */
  readonly libstdcxx: string;
  readonly libraries: readonly Library[];
}

/** One library whose code is in the file. */
export interface Library {
  readonly name: "musl" | "libstdc++" | "libgcc";
  /** The package it is from, and that one's version. */
  readonly debian: string;
  readonly version: string;
  /** As Debian calls the machine whose code it is. */
  readonly architecture: string;
  /** The file that is taken. */
  readonly file: string;
  /** SPDX expression. */
  readonly license: string;
  /** The file with its authors and licence. */
  readonly copyright: string;
}

/** A part is not there. */
export class Missing extends Error {}

/** Where scripts/tools unpacks what is not installed. */
function cache(): string {
  return process.env.SOCKEYE_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sockeye");
}

/** Finds the parts. Throws `Missing`, which names every package to be installed. */
export function findParts(target: Target): Parts {
  const missing: string[] = [];
  const native = target.arch === process.arch;
  const gcc = native ? "gcc" : `${target.machine}-linux-gnu-gcc`;
  const gccPackage = native ? "gcc" : `gcc-${target.machine.replace("_", "-")}-linux-gnu`;
  let libstdcxx = "";
  let release = "N";
  if (Bun.which(gcc) === null) missing.push(gccPackage);
  else {
    release = output([gcc, "-dumpversion"]).split(".")[0]!;
    libstdcxx = output([gcc, "-print-file-name=libstdc++_pic.a"]);
  }
  const cross = native ? "" : `-${target.debian}-cross`;
  const picPackage = `libstdc++-${release}-pic${cross}`;
  if (!existsSync(libstdcxx)) missing.push(picPackage);
  const place = native ? "" : join(cache(), `musl-${target.debian}`);
  const musl = `${place}/${native ? "usr/" : ""}lib/${target.machine}-linux-musl/libc.so`;
  if (!existsSync(musl)) missing.push(`musl:${target.debian}`);
  if (missing.length > 0) {
    throw new Missing(
      `${target.name} is made from Debian's packages, and ${
        missing.join(", ")
      } cannot be found; ./scripts/test installs them`,
    );
  }
  const gccBase = `/usr/share/doc/${picPackage}/copyright`;
  const license = "GPL-3.0-or-later WITH GCC-exception-3.1";
  const libgcc = `libgcc-${release}-dev${cross}`;
  const architecture = native ? target.debian : "all";
  return {
    gcc,
    musl,
    libstdcxx,
    libraries: [
      {
        name: "musl",
        debian: "musl",
        version: native ? installedVersion("musl") : unpackedVersion(place),
        architecture: target.debian,
        file: musl,
        license: "MIT",
        copyright: `${place}/usr/share/doc/musl/copyright`,
      },
      {
        name: "libstdc++",
        debian: picPackage,
        version: installedVersion(picPackage),
        architecture,
        file: libstdcxx,
        license,
        copyright: gccBase,
      },
      {
        name: "libgcc",
        debian: libgcc,
        version: installedVersion(libgcc),
        architecture,
        file: output([gcc, "-print-libgcc-file-name"]),
        license,
        copyright: gccBase,
      },
    ],
  };
}

function output(command: string[]): string {
  const run = Bun.spawnSync(command, { env: { ...process.env, LC_ALL: "C" } });
  if (!run.success) throw new Missing(`${command.join(" ")} failed: ${run.stderr}`);
  return run.stdout.toString().trim();
}

function installedVersion(name: string): string {
  return output(["dpkg-query", "--show", "--showformat=${Version}", name]);
}

/** A package that was unpacked says its version in the first line of its history. */
function unpackedVersion(place: string): string {
  const history = Bun.gunzipSync(readFileSync(`${place}/usr/share/doc/musl/changelog.Debian.gz`));
  const version = /^musl \((\S+)\)/.exec(Buffer.from(history).toString("latin1"))?.[1];
  if (version === undefined) throw new Missing(`${place} does not say which version of musl it is`);
  return version;
}

/** The text that is shipped beside the files: who made what is in them, and under which licences. */
export function notices(root: string, version: string, libraries: readonly Library[]): string {
  const license = readFileSync(join(root, "LICENSE"), "utf8").trim();
  const seen = new Set<string>();
  let text = `Sockeye ${version}: what is in its files\n\n${license}

The files also contain:

- the runtime Bun (MIT), with JavaScriptCore, parts of which are under the GNU Library General Public License, version 2 or
  newer, and the libraries that it uses: https://bun.sh/docs/project/license. It is the one of the npm package @oven/bun-linux-…
  and is not changed, except that names of environment variables and data of ICU are blanked;
- the npm packages that sockeye-${version}.cdx.json names, which are all under the MIT license or the ISC license;
`;
  for (const { name, debian, version, license } of libraries) {
    text += `- ${name}, from Debian's package ${debian} ${version} (${license});\n`;
  }
  text += `
The source of Debian's packages is at https://snapshot.debian.org. libstdc++ and libgcc may be part of this file under the GCC
Runtime Library Exception, whose text is below.
`;
  for (const { name, copyright } of libraries) {
    const content = readFileSync(copyright, "utf8").trim();
    if (seen.has(content)) continue;
    seen.add(content);
    text += `\n${"=".repeat(80)}\n${name}\n${"=".repeat(80)}\n\n${content}\n`;
  }
  return text;
}
