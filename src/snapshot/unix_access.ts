/**
 * Who may connect to unix sockets with a path, according to the file system.
 *
 * @module
 */
import { familyOf } from "../families/mod.ts";
import { Refusal } from "../files/refusal.ts";
import { statBelow } from "../files/untrusted_tree.ts";
import type { FileIdentity } from "../model/socket.ts";
import { ProcRoot } from "../proc/root.ts";
import { SocketFiles } from "../reach/socket_file.ts";
import type { SnapshotDocument, SocketDocument } from "./document.ts";

/** Others may search a folder or write a file. Connecting needs the latter on the socket, the former on each folder above. */
const S_IXOTH = 0o1;
const S_IWOTH = 0o2;

/**
 * The document with `mode`, `open_to_others` and `host_path` added to each service with a path, as far as its file can be
 * found: by device and inode, because the file at its path may be another one.
 */
export function withUnixAccess(document: SnapshotDocument): SnapshotDocument {
  // Many sockets share few folders.
  const folders = new Map<string, boolean | null>();
  const files = new SocketFiles(new ProcRoot());
  const sockets = document.sockets.map((socket) => {
    if (!socket.local.path || !familyOf(socket.family).serves(socket)) return socket;
    const access = accessOf(socket, socket.local.path, files, folders);
    return access === null ? socket : { ...socket, local: { ...socket.local, ...access } };
  });
  return { ...document, sockets };
}

/** What is added to the local end. */
interface Access {
  readonly mode?: string;
  readonly open_to_others?: boolean;
  readonly host_path?: string | null;
}

function accessOf(
  { owners, inode, local }: SocketDocument,
  path: string,
  files: SocketFiles,
  folders: Map<string, boolean | null>,
): Access | null {
  const found = files.find({ path, file: fileIdentity(local), inode, owners });
  switch (found.kind) {
    case "unknown":
    case "astray":
      return null;
    case "gone":
      return { host_path: null };
  }
  const { root, status: { mode } } = found;
  const open = (mode & S_IWOTH) !== 0 && passable(root, found.path, folders);
  return {
    mode: (mode & 0o7777).toString(8).padStart(4, "0"),
    ...(open === null ? {} : { open_to_others: open }),
    // A process may be in a root directory or a mount namespace that it made itself.
    host_path: root === "" ? found.path : null,
  };
}

function fileIdentity({ device, file_inode: inode }: SocketDocument["local"]): FileIdentity | null {
  const numbers = /^(\d+):(\d+)$/.exec(device ?? "");
  return numbers === null || typeof inode !== "number"
    ? null
    : { major: Number(numbers[1]), minor: Number(numbers[2]), inode };
}

/** True if others may search every folder above a path; `null` if one could not be looked at, and the rest lets them pass. */
function passable(
  root: string,
  path: string,
  folders: Map<string, boolean | null>,
): boolean | null {
  const parts = path.split("/").slice(1, -1);
  let folder = "";
  let all: boolean | null = true;
  for (const part of parts) {
    folder += `/${part}`;
    const known = root + folder;
    let open = folders.get(known);
    if (open === undefined) {
      const status = statBelow(root, folder);
      open = !(status instanceof Refusal)
        ? (status.mode & S_IXOTH) !== 0
        : status.why === "absent"
        ? false
        : null;
      folders.set(known, open);
    }
    if (open === false) return false;
    all &&= open;
  }
  return all;
}
