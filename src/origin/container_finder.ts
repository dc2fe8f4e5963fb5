/**
 * ContainerFinder: the container of a process by the words that people have for it: the beginning of its ID, or its name.
 *
 * @module
 */
import type { Users } from "../etc/users.ts";
import type { Process } from "../model/owner.ts";
import { type ContainerNames, containerNames, homesOf } from "./container_names.ts";

/** Reads the files of each container once. Without `live` no file is read, and containers have only their IDs. */
export class ContainerFinder {
  readonly #users: Users;
  readonly #live: boolean;
  readonly #known = new Map<string, ContainerNames | null>();

  constructor(users: Users, live: boolean) {
    this.#users = users;
    this.#live = live;
  }

  /** What the files say of the container of a process; `null` for a process of the host. */
  names({ container, uid }: Process): ContainerNames | null {
    if (container === null) return null;
    const key = `${uid} ${container.runtime} ${container.id}`;
    let names = this.#known.get(key);
    if (names === undefined) {
      const user = uid === null ? null : this.#users.name(uid);
      names = this.#live ? containerNames(container, "", homesOf(user, uid)) : null;
      this.#known.set(key, names);
    }
    return names;
  }

  /** True if the process is in the container with this name, or with an ID that begins so. */
  isCalled(process: Process, word: string): boolean {
    const { container } = process;
    if (container === null) return false;
    return container.id.startsWith(word) || container.name === word ||
      this.names(process)?.name === word;
  }
}
