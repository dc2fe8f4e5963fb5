/**
 * Tries bind(2) in a network namespace: without an option, with SO_REUSEADDR, and with SO_REUSEPORT.
 *
 * @module
 */
import {
  EACCES,
  EADDRINUSE,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EPERM,
  SyscallError,
} from "../../ffi/errno.ts";
import { type BindOptions, probeBind } from "../../ffi/internet.ts";
import { SO_REUSEADDR, SO_REUSEPORT, SOCK_STREAM } from "../../ffi/socket.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { type FoundNetns, visitNamespace } from "../snapshot/namespaces.ts";

/** What bind(2) said: 0, or the errno. `null` where it could not be tried. */
export interface BindTries {
  readonly plain: number | null;
  /** Datagram sockets: tried only where the address is in use. */
  readonly reuseAddress: number | null;
  /** As for {@linkcode reuseAddress}. */
  readonly reusePort: number | null;
}

/** What keeps this program from making a socket, and says nothing about others. */
const OWN_LIMITS: readonly number[] = [EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES, EPERM];

/**
 * Binds sockets of our own to `address`, 4 or 16 bytes, and closes each at once; none listens. An error of this program's own, such as
 * too many open files, is a gap and not an answer. `type` is SOCK_STREAM or SOCK_DGRAM.
 */
export function tryBinds(
  found: FoundNetns,
  address: Uint8Array,
  port: number,
  type: number,
  diagnostics: Diagnostics,
  options: Omit<BindOptions, "reuse"> = {},
): BindTries {
  let plain: number | null = null;
  let reuseAddress: number | null = null;
  let reusePort: number | null = null;
  visitNamespace(found, diagnostics, () => {
    const probe = (reuse: number | null) =>
      tryOnce(() => probeBind(address, port, type, { ...options, reuse }), diagnostics);
    plain = probe(null);
    // A datagram socket of ours could get a datagram meanwhile, which is lost then: no more tries than needed.
    if (plain !== EADDRINUSE && type !== SOCK_STREAM) return;
    reuseAddress = probe(SO_REUSEADDR);
    reusePort = probe(SO_REUSEPORT);
  });
  return { plain, reuseAddress, reusePort };
}

function tryOnce(probe: () => number, diagnostics: Diagnostics): number | null {
  try {
    const errno = probe();
    // bind(2) itself may be refused for want of memory.
    if (errno !== ENOMEM && errno !== ENOBUFS) return errno;
    throw new SyscallError("bind", errno);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    // The socket cannot be made by anybody, for instance because IPv6 is switched off.
    if (!OWN_LIMITS.includes(error.errno)) return error.errno;
    diagnostics.gap({
      kind: "bind",
      reason: `bind could not be tried: ${error.message}`,
      detail: { errno: error.code },
    });
    return null;
  }
}
