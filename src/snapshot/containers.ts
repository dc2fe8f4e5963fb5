/**
 * Names and images of containers, which only the files of their runtimes tell.
 *
 * @module
 */
import type { OwnerDocument, SnapshotDocument } from "./document.ts";
import { type ContainerNames, containerNames, homesOf } from "../origin/container_names.ts";

/**
 * The document with `name` and `image` added to the container of each owner; `null` if no readable file tells them. `root` is
 * put before every path.
 */
export function withContainers(document: SnapshotDocument, root = ""): SnapshotDocument {
  // Many processes share few containers.
  const known = new Map<string, ContainerNames>();
  const named = (owner: OwnerDocument): OwnerDocument => {
    const { container, user, uid } = owner;
    if (container === null) return owner;
    const key = `${user} ${container.runtime} ${container.id}`;
    let names = known.get(key);
    if (names === undefined) {
      known.set(key, names = containerNames(container, root, homesOf(user, uid)));
    }
    return { ...owner, container: { ...container, name: names.name, image: names.image } };
  };
  const sockets = document.sockets.map((socket) =>
    socket.owners.some(({ container }) => container !== null)
      ? { ...socket, owners: socket.owners.map(named) }
      : socket
  );
  return { ...document, sockets };
}
