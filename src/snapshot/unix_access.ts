/**
 * Who may connect to unix sockets with a path, according to the file system.
 *
 * @module
 */
import { AT_FDCWD } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { type FileStatus, S_IFMT, S_IFSOCK, tryStatAt } from "../../ffi/stat.ts";
import type { SnapshotDocument, SocketDocument } from "./document.ts";

/** Others may search a folder or write a file. Connecting needs the latter on the socket, the former on each folder above. */
const S_IXOTH = 0o1;
const S_IWOTH = 0o2;

/** The document with `mode` and `open_to_others` added to each path that leads to a socket. */
export function withUnixAccess(document: SnapshotDocument): SnapshotDocument {
  // Many sockets share few folders.
  const folders = new Map<string, boolean>();
  const sockets = document.sockets.map((socket) => {
    if (socket.family !== "unix" || !socket.local.path?.startsWith("/")) return socket;
    const access = accessOf(socket, socket.local.path, folders);
    return access === null ? socket : { ...socket, local: { ...socket.local, ...access } };
  });
  return { ...document, sockets };
}

function accessOf(
  { owners, state }: SocketDocument,
  path: string,
  folders: Map<string, boolean>,
): { mode: string; open_to_others: boolean } | null {
  if (state !== "listen" && state !== "close") return null;
  // An owner may see another file system than we do. The path means a file in its own root.
  const [owner] = owners;
  const roots = owner === undefined ? [""] : [`/proc/${owner.pid}/root`, ""];
  for (const root of roots) {
    const status = statusOf(root + path);
    if (status === null || (status.mode & S_IFMT) !== S_IFSOCK) continue;
    const open = (status.mode & S_IWOTH) !== 0 && passable(root, path, folders);
    return { mode: (status.mode & 0o7777).toString(8).padStart(4, "0"), open_to_others: open };
  }
  return null;
}

/** True if others may search every folder above a path. */
function passable(root: string, path: string, folders: Map<string, boolean>): boolean {
  const parts = path.split("/").slice(1, -1);
  let folder = "";
  for (const part of parts) {
    folder += `/${part}`;
    const known = root + folder;
    let open = folders.get(known);
    if (open === undefined) {
      const status = statusOf(known);
      open = status !== null && (status.mode & S_IXOTH) !== 0;
      folders.set(known, open);
    }
    if (!open) return false;
  }
  return true;
}

function statusOf(path: string): FileStatus | null {
  // A path with a NUL cannot be looked up.
  if (path.includes("\0")) return null;
  const status = tryStatAt(AT_FDCWD, cString(path));
  return typeof status === "number" ? null : status;
}
