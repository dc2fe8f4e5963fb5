/**
 * `-N NAME`: runs in a named network namespace.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { enterNetworkNamespace, tryOpenNamespace } from "../../../ffi/namespace.ts";

/** The folder in which `ip netns add` mounts namespaces. */
const FOLDER = "/var/run/netns";

/** Moves this process into a named network namespace. Throws SyscallError. */
export function enterNamed(name: string): void {
  const path = `${FOLDER}/${name}`;
  const fd = tryOpenNamespace(path);
  if (fd < 0) throw new SyscallError(`open ${path}`, -fd);
  try {
    enterNetworkNamespace(fd);
  } finally {
    close(fd);
  }
}
