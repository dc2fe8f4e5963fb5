/**
 * Selects sockets by their owners: --pid, --process, --user.
 *
 * @module
 */
import type { Owner, Process } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import type { Users } from "../etc/users.ts";
import { NoSuchUser, type Query } from "../query.ts";
import { utf8Text } from "../text/encoding.ts";

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
    (query.processes === null || query.processes.some((name) => ownerIsCalled(owner, name))) &&
    (query.users === null || query.users.some((user) => isUser(owner, user, users)))
  );
}

/** True if the process of the owner has this name. */
export function ownerIsCalled({ process }: Owner, name: string): boolean {
  return processIsCalled(process, name);
}

/** True for the name of the process or of its program file. The kernel cuts the former at 15 bytes. */
export function processIsCalled({ comm, exe }: Process, name: string): boolean {
  if (comm !== null && utf8Text(comm) === name) return true;
  return exe !== null && utf8Text(exe).split("/").at(-1) === name;
}

function isUser({ process }: Owner, user: string, users: Users): boolean {
  if (process.uid === null) return false;
  return process.uid === users.uid(user) || String(process.uid) === user;
}
