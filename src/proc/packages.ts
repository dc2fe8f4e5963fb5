/**
 * Packages: which one a file came from, by the files of the package databases. No package manager is run.
 *
 * @module
 */
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  O_DIRECTORY,
  O_RDONLY,
  tryOpenAt,
  tryReadFileAt,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { tryStatAt } from "../../ffi/stat.ts";

/** The package of a file, or why none is named. */
export interface PackageAnswer {
  /** `null` when no package owns the file, or the database could not be read. */
  readonly name: string | null;
  /** dpkg, apk, pacman, rpm; `null` when no database was found. */
  readonly manager: string | null;
  /** False when there is a database that this program cannot look into. */
  readonly lookedUp: boolean;
}

const NOWHERE: PackageAnswer = { name: null, manager: null, lookedUp: false };

/**
 * Finds the package that owns `path` (absolute, one character a byte) below `root`, which is `""` for the whole system, or
 * /proc/PID/root for a process in a container.
 */
export function packageOf(path: string, root = ""): PackageAnswer {
  // Where /bin is a link to /usr/bin, packages may still list the old name.
  const names = path.startsWith("/usr/") ? [path, path.slice(4)] : [path];
  const dpkg = `${root}/var/lib/dpkg/info`;
  if (exists(dpkg)) return { name: inDpkg(dpkg, names), manager: "dpkg", lookedUp: true };
  const apk = read(`${root}/lib/apk/db/installed`);
  if (apk !== null) return { name: inApk(apk, names), manager: "apk", lookedUp: true };
  const pacman = `${root}/var/lib/pacman/local`;
  if (exists(pacman)) return { name: inPacman(pacman, names), manager: "pacman", lookedUp: true };
  for (const folder of ["/usr/lib/sysimage/rpm", "/var/lib/rpm"]) {
    for (const file of ["rpmdb.sqlite", "Packages.db", "Packages"]) {
      if (exists(`${root}${folder}/${file}`)) return { ...NOWHERE, manager: "rpm" };
    }
  }
  return NOWHERE;
}

const exists = (path: string) => typeof tryStatAt(AT_FDCWD, cString(path)) !== "number";
const latin1 = new TextDecoder("latin1");

function read(path: string): string | null {
  const bytes = tryReadFileAt(AT_FDCWD, cString(path));
  return typeof bytes === "number" ? null : latin1.decode(bytes);
}

function* entriesOf(folder: string): Generator<string> {
  const fd = tryOpenAt(AT_FDCWD, cString(folder), O_RDONLY | O_DIRECTORY);
  if (fd < 0) return;
  try {
    const reader = new DirectoryReader();
    reader.start(fd);
    while (reader.next()) yield latin1.decode(reader.name);
  } finally {
    close(fd);
  }
}

// PACKAGE.list or PACKAGE:ARCH.list, a path a line.
function inDpkg(folder: string, names: readonly string[]): string | null {
  for (const entry of entriesOf(folder)) {
    if (!entry.endsWith(".list")) continue;
    const bytes = tryReadFileAt(AT_FDCWD, cString(`${folder}/${entry}`));
    if (typeof bytes === "number") continue;
    const list = latin1.decode(bytes);
    if (names.some((name) => list.includes(`\n${name}\n`))) {
      return entry.slice(0, -".list".length).split(":")[0]!;
    }
  }
  return null;
}

// P: package, F: folder without its leading slash, R: file in it; packages are parted by empty lines.
function inApk(installed: string, names: readonly string[]): string | null {
  let current: string | null = null;
  let folder = "";
  for (const line of installed.split("\n")) {
    if (line.startsWith("P:")) current = line.slice(2);
    else if (line.startsWith("F:")) folder = line.slice(2);
    else if (line.startsWith("R:") && names.includes(`/${folder}/${line.slice(2)}`)) return current;
  }
  return null;
}

// NAME-VERSION-RELEASE/files: a section %FILES% of paths without their leading slash.
function inPacman(folder: string, names: readonly string[]): string | null {
  for (const entry of entriesOf(folder)) {
    const files = entry.startsWith(".") ? null : read(`${folder}/${entry}/files`);
    if (files === null || !names.some((name) => files.includes(`\n${name.slice(1)}\n`))) continue;
    return entry.split("-").slice(0, -2).join("-");
  }
  return null;
}
