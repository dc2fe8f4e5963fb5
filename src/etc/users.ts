/**
 * Users: names from /etc/passwd.
 *
 * The file is read directly. libc's getpwuid may load plug-ins, ask LDAP over the network, and hang. A user who is known only to
 * LDAP is shown as a number.
 *
 * @module
 */
import { failureOf } from "../../ffi/errno.ts";
import { AT_FDCWD, tryReadFileAt } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { utf8Text } from "../text/encoding.ts";

function readWhole(path: string): Uint8Array | number {
  return tryReadFileAt(AT_FDCWD, cString(path));
}

/** User names by ID. The file is read on first use. */
export class Users {
  readonly #path: string;
  readonly #read: (path: string) => Uint8Array | number;
  #names: Map<number, string> | undefined;
  #unread = 0;

  /** `read` returns the file, or the negated errno. */
  constructor(path = "/etc/passwd", read: (path: string) => Uint8Array | number = readWhole) {
    this.#path = path;
    this.#read = read;
  }

  #load(): Map<number, string> {
    if (this.#names === undefined) {
      const bytes = this.#read(this.#path);
      if (typeof bytes !== "number") this.#names = parsePasswd(utf8Text(bytes));
      else {
        this.#names = new Map();
        if (failureOf(bytes) !== "absent") this.#unread = -bytes;
      }
    }
    return this.#names;
  }

  /** Why there are no names: the errno of a file that may have some; 0 where it was read, or is not there. */
  get unread(): number {
    this.#load();
    return this.#unread;
  }

  /** Login name of a user ID; `null` where the file has none. */
  name(uid: number): string | null {
    return this.#load().get(uid) ?? null;
  }

  /** User ID of a login name; `null` where the file has none. */
  uid(name: string): number | null {
    for (const [uid, candidate] of this.#load()) if (candidate === name) return uid;
    return null;
  }
}

/** Parses passwd(5): names by user ID. If an ID has several names, the first counts, as in libc. Other lines are ignored. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , uid] = line.split(":");
    if (name && uid && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}
