/**
 * Files of systemd's units: what a unit says about starting again. systemd.unit(5) tells where they are.
 *
 * @module
 */
import { Refusal } from "../files/refusal.ts";
import { UntrustedTree } from "../files/untrusted_tree.ts";
import { latin1Text } from "../text/encoding.ts";

/** Where units of the system are, the most important first. */
const FOLDERS = [
  "/etc/systemd/system",
  "/run/systemd/transient",
  "/run/systemd/system",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
];
const FILE_LIMIT = 256 * 1024;
const DROP_IN_LIMIT = 200;

/** When systemd starts a service of the system again: `no`, `always`, `on-failure` and so on; `null` where no file tells. */
export function restartOf(unit: string, root = ""): string | null {
  // The name came out of a path: it must not lead anywhere else.
  if (!/^[\w@:.\\-]+\.service$/.test(unit) || unit.startsWith(".")) return null;
  const tree = UntrustedTree.open(root);
  if (tree instanceof Refusal) return null;
  try {
    const names = [unit, ...templateOf(unit)];
    const main = firstFile(tree, names);
    if (main === null) return null;
    let restart = lastSetting(main, "Restart") ?? "no";
    for (const text of dropIns(tree, names)) restart = lastSetting(text, "Restart") ?? restart;
    return restart;
  } finally {
    tree.close();
  }
}

// app@blue.service is made from app@.service where it has no file of its own.
function templateOf(unit: string): string[] {
  const at = unit.indexOf("@");
  return at < 0 ? [] : [`${unit.slice(0, at + 1)}.service`];
}

function firstFile(tree: UntrustedTree, names: readonly string[]): string | null {
  for (const name of names) {
    for (const folder of FOLDERS) {
      const text = read(tree, `${folder}/${name}`);
      if (text !== null) return text;
    }
  }
  return null;
}

function read(tree: UntrustedTree, path: string): string | null {
  const bytes = tree.read(path, { limit: FILE_LIMIT, owners: [0, process.geteuid!()] });
  return bytes instanceof Refusal ? null : latin1Text(bytes);
}

// Files of UNIT.d, in the order of their names; of two with one name the more important folder's counts.
function dropIns(tree: UntrustedTree, names: readonly string[]): string[] {
  const files = new Map<string, string>();
  for (const name of [...names].reverse()) {
    for (const folder of [...FOLDERS].reverse()) {
      tree.list(`${folder}/${name}.d`, DROP_IN_LIMIT, (bytes) => {
        const file = latin1Text(bytes);
        if (file.endsWith(".conf")) files.set(file, `${folder}/${name}.d/${file}`);
        return false;
      });
    }
  }
  return [...files].sort(([a], [b]) => a < b ? -1 : 1).flatMap(([, path]) =>
    read(tree, path) ?? []
  );
}

/** The last value of a setting in [Service]; `null` without one. Lines that begin with # or ; are comments. */
export function lastSetting(text: string, name: string): string | null {
  let section = "";
  let value: string | null = null;
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (/^\[.*\]$/.test(trimmed)) section = trimmed;
    else if (section === "[Service]" && trimmed.startsWith(`${name}=`)) {
      value = trimmed.slice(name.length + 1).trim();
    }
  }
  return value;
}
