/**
 * Packages: which one a file came from, by the files of the package databases. No package manager is run.
 *
 * @module
 */
import { Refusal } from "../files/refusal.ts";
import { type Expected, UntrustedTree } from "../files/untrusted_tree.ts";
import { inRpm } from "./rpm.ts";
import { latin1Text } from "../text/encoding.ts";

/** The largest list of a package: that of firmware or of a kernel's headers has a fifth of it. */
const LIST_LIMIT = 16 * 1024 * 1024;
/** Everything that is read in one run: a desktop with 4,000 packages has half of it. */
const TOTAL_LIMIT = 64 * 1024 * 1024;
const ENTRY_LIMIT = 50_000;

/** How much may still be read of package databases, so that many of them, or hostile ones, do not take for ever. */
export class PackageAllowance {
  bytes: number = TOTAL_LIMIT;
  entries: number = ENTRY_LIMIT;
}

/** The package of a file, or why none is named. */
interface PackageAnswer {
  /** `null` when no package owns the file, or the database could not be read. */
  readonly name: string | null;
  /** dpkg, apk, pacman, rpm; `null` when no database was found. */
  readonly manager: string | null;
  /** False when there is a database that this program cannot look into. */
  readonly lookedUp: boolean;
  /** What was refused, where that is why: `the database is on a file system that may not answer (nfs4)`. */
  readonly unread?: string;
}

const NOWHERE: PackageAnswer = { name: null, manager: null, lookedUp: false };

/**
 * Finds the package that owns `path` (absolute, one character a byte) below `root`, which is `""` for the whole system, or
 * /proc/PID/root for a process in a container.
 *
 * @param owners User IDs that the database may belong to. Absent for any, as in a container, which has users of its own.
 */
export function packageOf(
  path: string,
  root = "",
  owners?: readonly number[],
  allowance: PackageAllowance = new PackageAllowance(),
): PackageAnswer {
  const tree = UntrustedTree.open(root);
  if (tree instanceof Refusal) return { ...NOWHERE, unread: `the root directory ${tree.text}` };
  const database = new Database(tree, owners, allowance);
  try {
    const answer = find(database, namesOf(path));
    const { refusal } = database;
    // A file that names the package is proof; that none does is proof only if all of them were read.
    if (refusal === null || answer.name !== null) return answer;
    return { ...answer, lookedUp: false, unread: `a file of the database ${refusal.text}` };
  } finally {
    tree.close();
  }
}

function find(database: Database, names: readonly string[]): PackageAnswer {
  const dpkg = "/var/lib/dpkg";
  if (database.has(`${dpkg}/info`)) {
    return { name: inDpkg(database, dpkg, names), manager: "dpkg", lookedUp: true };
  }
  // Images without a package manager keep what it would have known.
  if (database.has(`${dpkg}/status.d`)) {
    return { name: inStatus(database, `${dpkg}/status.d`, names), manager: "dpkg", lookedUp: true };
  }
  const apk = database.read("/lib/apk/db/installed") ?? database.read("/usr/lib/apk/db/installed");
  if (apk !== null) return { name: inApk(apk, names), manager: "apk", lookedUp: true };
  const pacman = "/var/lib/pacman/local";
  if (database.has(pacman)) {
    return { name: inPacman(database, pacman, names), manager: "pacman", lookedUp: true };
  }
  for (const folder of ["/usr/lib/sysimage/rpm", "/var/lib/rpm"]) {
    const name = inRpm(database.tree, `${folder}/rpmdb.sqlite`, names, database.owners);
    if (name !== undefined) return { name, manager: "rpm", lookedUp: true };
    // Older forms of it: Berkeley DB, and rpm's own.
    for (const file of ["rpmdb.sqlite", "Packages.db", "Packages"]) {
      if (database.has(`${folder}/${file}`)) return { ...NOWHERE, manager: "rpm" };
    }
  }
  return NOWHERE;
}

/** The files of a package manager, as much as one answer may read of them. */
class Database {
  readonly tree: UntrustedTree;
  readonly owners: readonly number[] | undefined;
  /** The first file that was there, and was not read. */
  refusal: Refusal | null = null;
  readonly #allowance: PackageAllowance;

  constructor(
    tree: UntrustedTree,
    owners: readonly number[] | undefined,
    allowance: PackageAllowance,
  ) {
    this.tree = tree;
    this.owners = owners;
    this.#allowance = allowance;
  }

  has(path: string): boolean {
    const status = this.tree.stat(path);
    return !(status instanceof Refusal) || this.#refused(status);
  }

  /** A file as text, one character a byte; `null` if there is none that may be read. */
  read(path: string): string | null {
    return this.#take((expected) => this.tree.read(path, expected));
  }

  /**
   * Calls `use` for each entry of a folder, until it returns something other than `null`. `counted` is false where the same
   * folder is gone through once more.
   */
  first<T>(
    folder: string,
    use: (name: string, read: () => string | null) => T | null,
    counted = true,
  ): T | null {
    let found: T | null = null;
    const end = this.tree.list(folder, this.#allowance.entries, (name, read) => {
      if (counted) this.#allowance.entries--;
      found = use(latin1Text(name), () => this.#take(read));
      return found !== null || this.#allowance.bytes <= 0;
    });
    if (end instanceof Refusal) this.#refused(end);
    if (end === "limit") {
      this.refusal ??= new Refusal("large", "is one of too many");
    }
    return found;
  }

  #take(read: (expected: Expected) => Uint8Array | Refusal): string | null {
    const limit = Math.min(LIST_LIMIT, this.#allowance.bytes);
    const { owners } = this;
    const bytes = read(owners === undefined ? { limit } : { limit, owners });
    if (bytes instanceof Refusal) {
      this.#refused(bytes);
      return null;
    }
    this.#allowance.bytes -= bytes.length;
    return latin1Text(bytes);
  }

  // Always false, for `has`.
  #refused(refusal: Refusal): boolean {
    if (refusal.why !== "absent") this.refusal ??= refusal;
    return false;
  }
}

// Where /bin is a link to /usr/bin, packages may still list the old name, and the other way round.
function namesOf(path: string): string[] {
  if (path.startsWith("/usr/")) return [path, path.slice(4)];
  return /^\/(bin|sbin|lib\w*)\//.test(path) ? [path, `/usr${path}`] : [path];
}

// info/PACKAGE.list or PACKAGE:ARCH.list, a path a line.
function inDpkg(database: Database, folder: string, names: readonly string[]): string | null {
  const diversions = database.read(`${folder}/diversions`) ?? "";
  const { paths, by, notBy } = withoutDiversion(diversions, names);
  // Most programs come from a package of a similar name: of a thousand lists only some have to be read then.
  const program = names[0]!.slice(names[0]!.lastIndexOf("/") + 1);
  const start = program.slice(0, ALIKE);
  const inList = (entry: string, read: () => string | null, alike: boolean) => {
    if (!entry.endsWith(".list") || entry.includes(start) !== alike) return null;
    const name = entry.slice(0, -".list".length).split(":")[0]!;
    if (by !== null && name !== by || name === notBy) return null;
    const list = read();
    return list !== null && paths.some((path) => list.includes(`\n${path}\n`)) ? name : null;
  };
  return database.first(`${folder}/info`, (entry, read) => inList(entry, read, true), false) ??
    database.first(`${folder}/info`, (entry, read) => inList(entry, read, false));
}

/** How many letters at the start of a program's name make a package's name alike that has them: sshd, openssh-server. */
const ALIKE = 3;

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
function inStatus(database: Database, folder: string, names: readonly string[]): string | null {
  return database.first(folder, (entry, read) => {
    if (!entry.endsWith(".md5sums")) return null;
    const sums = `\n${read() ?? ""}\n`;
    if (!names.some((name) => sums.includes(`  ${name.slice(1)}\n`))) return null;
    const file = entry.slice(0, -".md5sums".length);
    return /^Package: (.+)$/m.exec(database.read(`${folder}/${file}`) ?? "")?.[1] ?? file;
  });
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
function inPacman(database: Database, folder: string, names: readonly string[]): string | null {
  return database.first(folder, (entry) => {
    const files = entry.startsWith(".") ? null : database.read(`${folder}/${entry}/files`);
    if (files === null || !names.some((name) => files.includes(`\n${name.slice(1)}\n`))) {
      return null;
    }
    return entry.split("-").slice(0, -2).join("-");
  });
}
