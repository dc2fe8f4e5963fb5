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
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { tryStatAt } from "../../ffi/stat.ts";
import { readRegular } from "./regular_file.ts";
import { inRpm } from "./rpm.ts";
import { latin1Text } from "../text/encoding.ts";

/** The package of a file, or why none is named. */
interface PackageAnswer {
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
  const names = namesOf(path);
  const dpkg = `${root}/var/lib/dpkg`;
  if (exists(`${dpkg}/info`)) return { name: inDpkg(dpkg, names), manager: "dpkg", lookedUp: true };
  // Images without a package manager keep what it would have known.
  if (exists(`${dpkg}/status.d`)) {
    return { name: inStatus(`${dpkg}/status.d`, names), manager: "dpkg", lookedUp: true };
  }
  const apk = read(`${root}/lib/apk/db/installed`) ?? read(`${root}/usr/lib/apk/db/installed`);
  if (apk !== null) return { name: inApk(apk, names), manager: "apk", lookedUp: true };
  const pacman = `${root}/var/lib/pacman/local`;
  if (exists(pacman)) return { name: inPacman(pacman, names), manager: "pacman", lookedUp: true };
  for (const folder of ["/usr/lib/sysimage/rpm", "/var/lib/rpm"]) {
    const name = inRpm(`${root}${folder}/rpmdb.sqlite`, names);
    if (name !== undefined) return { name, manager: "rpm", lookedUp: true };
    // Older forms of it: Berkeley DB, and rpm's own.
    for (const file of ["rpmdb.sqlite", "Packages.db", "Packages"]) {
      if (exists(`${root}${folder}/${file}`)) return { ...NOWHERE, manager: "rpm" };
    }
  }
  return NOWHERE;
}

// Where /bin is a link to /usr/bin, packages may still list the old name, and the other way round.
function namesOf(path: string): string[] {
  if (path.startsWith("/usr/")) return [path, path.slice(4)];
  return /^\/(bin|sbin|lib\w*)\//.test(path) ? [path, `/usr${path}`] : [path];
}

const exists = (path: string) => typeof tryStatAt(AT_FDCWD, cString(path)) !== "number";

function read(path: string): string | null {
  const bytes = readRegular(path);
  return bytes === null ? null : latin1Text(bytes);
}

function* entriesOf(folder: string): Generator<string> {
  const fd = tryOpenAt(AT_FDCWD, cString(folder), O_RDONLY | O_DIRECTORY);
  if (fd < 0) return;
  try {
    const reader = new DirectoryReader();
    reader.start(fd);
    while (reader.next()) yield latin1Text(reader.name);
  } finally {
    close(fd);
  }
}

// info/PACKAGE.list or PACKAGE:ARCH.list, a path a line.
function inDpkg(folder: string, names: readonly string[]): string | null {
  const { paths, by, notBy } = withoutDiversion(read(`${folder}/diversions`) ?? "", names);
  for (const entry of entriesOf(`${folder}/info`)) {
    if (!entry.endsWith(".list")) continue;
    const name = entry.slice(0, -".list".length).split(":")[0]!;
    if (by !== null && name !== by || name === notBy) continue;
    const list = read(`${folder}/info/${entry}`);
    if (list !== null && paths.some((path) => list.includes(`\n${path}\n`))) return name;
  }
  return null;
}

// Three lines each: the path that a package has, the one that its file is put at instead, the package that may have the
// first (`:` for the administrator, dpkg-divert(1)).
function withoutDiversion(diversions: string, names: readonly string[]): {
  readonly paths: readonly string[];
  readonly by: string | null;
  readonly notBy: string | null;
} {
  const lines = diversions.split("\n");
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const [from, to, owner] = lines.slice(i, i + 3) as [string, string, string];
    if (names.includes(to)) return { paths: namesOf(from), by: null, notBy: owner };
    if (names.includes(from) && owner !== ":") return { paths: names, by: owner, notBy: null };
  }
  return { paths: names, by: null, notBy: null };
}

// status.d/PACKAGE.md5sums: a sum, two spaces, a path without its leading slash.
function inStatus(folder: string, names: readonly string[]): string | null {
  for (const entry of entriesOf(folder)) {
    if (!entry.endsWith(".md5sums")) continue;
    const sums = `\n${read(`${folder}/${entry}`) ?? ""}\n`;
    if (!names.some((name) => sums.includes(`  ${name.slice(1)}\n`))) continue;
    const file = entry.slice(0, -".md5sums".length);
    return /^Package: (.+)$/m.exec(read(`${folder}/${file}`) ?? "")?.[1] ?? file;
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
