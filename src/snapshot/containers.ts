/**
 * Names and images of containers, which only the files of their runtimes tell.
 *
 * @module
 */
import type { OwnerDocument, SnapshotDocument } from "./document.ts";
import { Diagnostics } from "../diagnostics.ts";
import { plural } from "../text/plural.ts";
import { type ContainerNames, containerNames, homesOf } from "../origin/container_names.ts";

/**
 * The document with `name` and `image` added to the container of each owner; `null` if no readable file tells them. What was
 * there and could not be read is a gap. `root` is put before every path.
 */
export function withContainers(
  document: SnapshotDocument,
  root = "",
  diagnostics = new Diagnostics(),
): SnapshotDocument {
  // Many processes share few containers.
  const known = new Map<string, ContainerNames>();
  const unread = new Map<string, string>();
  const named = (owner: OwnerDocument): OwnerDocument => {
    const { container, user, uid } = owner;
    if (container === null) return owner;
    const key = `${user} ${container.runtime} ${container.id}`;
    let names = known.get(key);
    if (names === undefined) {
      known.set(key, names = containerNames(container, root, homesOf(user, uid)));
      if (names.unread !== null) unread.set(container.id, names.unread);
    }
    return { ...owner, container: { ...container, name: names.name, image: names.image } };
  };
  const sockets = document.sockets.map((socket) =>
    socket.owners.some(({ container }) => container !== null)
      ? { ...socket, owners: socket.owners.map(named) }
      : socket
  );
  if (unread.size > 0) {
    diagnostics.gap({
      kind: "containers",
      reason: `names and images of ${plural(unread.size, "container")} could not be read`,
      detail: { containers: unread.size },
      items: [...unread].map(([id, why]) => `container ${id}: ${why}`),
    });
  }
  return { ...document, sockets };
}
