/**
 * Selects sockets by their owners: --pid, --process, --user.
 *
 * @module
 */
import type { Bytes, Owner, Process } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import type { Users } from "../etc/users.ts";
import { NoSuchUser, type Query } from "../query.ts";
import { utf8Text } from "../text/encoding.ts";
import { sanitizeBytes } from "../text/sanitize.ts";

/** Throws NoSuchUser for a name that /etc/passwd does not have: it is misspelt, or only a directory service knows it. */
export function checkUsers({ users: wanted }: Query, users: Users): void {
  for (const user of wanted ?? []) {
    if (/^\d+$/.test(user) || users.uid(user) !== null) continue;
    throw new NoSuchUser(
      `--user ${user}: no such name in /etc/passwd; give the number of a user who has none there`,
    );
  }
}

/** True if one owner meets every restriction of the query. */
export function matchesOwner(socket: Socket, query: Query, users: Users): boolean {
  return socket.owners.some((owner) =>
    (query.pids === null || query.pids.includes(owner.pid)) &&
    (query.processes === null ||
      query.processes.some((name) => processIsCalled(owner.process, name))) &&
    (query.users === null || query.users.some((user) => isUser(owner, user, users)))
  );
}

/**
 * True for the name of the process or of its program file, or a pattern that one of them fits: see filter/glob.ts. The kernel
 * cuts the former at 15 bytes. It may be written as the listing prints it.
 */
export function processIsCalled({ comm, exe }: Process, name: string): boolean {
  const file = exe === null ? null : exe.subarray(exe.lastIndexOf(SLASH) + 1);
  return isCalled(comm, name) || isCalled(file, name);
}

const SLASH = 0x2f;

function isCalled(bytes: Bytes | null, name: string): boolean {
  if (bytes === null) return false;
  const text = utf8Text(bytes);
  return text === name || /[*?[]/.test(name) && matcher(name)(text) ||
    /[\\]/.test(name) && sanitizeBytes(bytes) === name;
}

// One name is asked of every process.
let compiled: { readonly name: string; readonly matches: (text: string) => boolean } | undefined;

function matcher(name: string): (text: string) => boolean {
  if (compiled?.name !== name) {
    const { glob } = require("../filter/glob.ts") as typeof import("../filter/glob.ts");
    compiled = { name, matches: glob(name) };
  }
  return compiled.matches;
}

function isUser({ process }: Owner, user: string, users: Users): boolean {
  if (process.uid === null) return false;
  return process.uid === users.uid(user) || String(process.uid) === user;
}
