/**
 * `-N NAME`.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { enterNetworkNamespace, tryOpenNamespace } from "../../../ffi/namespace.ts";

/** Where `ip netns add` binds namespaces to names. */
const FOLDER = "/var/run/netns";

/** Moves into a named network namespace, for good. Throws SyscallError. */
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
