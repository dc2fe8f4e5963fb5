/**
 * Paths of unix sockets: which socket a path means, and what is there.
 *
 * @module
 */
import { isSameFile, S_IFMT, S_IFSOCK } from "../../../ffi/stat.ts";
import { Refusal } from "../../files/refusal.ts";
import type { Explanation } from "../../model/explanation.ts";
import type { Gap } from "../../model/gap.ts";
import type { Socket } from "../../model/socket.ts";
import type { BoundSocket, SocketFiles } from "../../reach/socket_file.ts";
import { utf8Text } from "../../text/encoding.ts";

/** A socket as {@linkcode SocketFiles} asks for it; `null` for one without a path. */
export function boundSocket({ local, inode, owners }: Socket): BoundSocket | null {
  if (!("path" in local) || local.path === null || local.path.length === 0) return null;
  return { path: utf8Text(local.path), file: local.file ?? null, inode, owners };
}

/**
 * How a socket belongs to a path: `file` if the path leads to its file, `name` if it was bound to this path and nothing else
 * is known to be its file, `null` if it does not.
 */
export function isAt(socket: Socket, path: string, files: SocketFiles): "file" | "name" | null {
  const bound = boundSocket(socket);
  if (bound === null) return null;
  const { file } = bound;
  if (file !== null) {
    if (files.leadsTo(path, file) !== null) return "file";
    if (bound.path !== path) return null;
    // In another root directory, the same path is another file.
    const found = files.find(bound);
    return found.kind === "found" && files.isSocket(path) ? null : "name";
  }
  if (bound.path === path) return "name";
  if (bound.path.split("/").at(-1) !== path.split("/").at(-1)) return null;
  const found = files.find(bound);
  const wanted = files.status(path);
  if (found.kind !== "found" || wanted instanceof Refusal) return null;
  return isSameFile(found.status, wanted) ? "file" : null;
}

/** The gap if it may not be looked at what is at a path: any socket may have its file there, under whatever name it was bound. */
export function unreadPath(path: string, files: SocketFiles): Gap[] {
  const found = files.status(path);
  if (!(found instanceof Refusal) || found.why === "absent") return [];
  return [{
    kind: "reads",
    reason: `what is at ${path} is not known: it ${found.text}`,
    detail: {},
  }];
}

/** What is at a path where no socket was found. */
export function fileAt(path: string, files: SocketFiles): Explanation["file"] {
  const found = files.status(path);
  if (!(found instanceof Refusal)) return (found.mode & S_IFMT) === S_IFSOCK ? "socket" : "other";
  return found.why === "absent" ? "absent" : "unreadable";
}
