/**
 * Tries bind(2) in a network namespace: without an option, with SO_REUSEADDR, and with SO_REUSEPORT.
 *
 * @module
 */
import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EINVAL,
  ENODEV,
  EPERM,
  EPROTONOSUPPORT,
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

/** Errors by which socket(2) says that nobody can make such a socket, for instance because IPv6 is switched off. */
const NO_SUCH_SOCKET: readonly number[] = [EAFNOSUPPORT, EPROTONOSUPPORT];

/** Errors by which bind(2) speaks of the address. Others speak of the machine. */
const ANSWERS: readonly number[] = [
  0,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EACCES,
  EPERM,
  EINVAL,
  ENODEV,
  EAFNOSUPPORT,
];

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
    if (ANSWERS.includes(errno)) return errno;
    throw new SyscallError("bind", errno);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (NO_SUCH_SOCKET.includes(error.errno)) return error.errno;
    diagnostics.gap({
      kind: "bind",
      reason: `bind could not be tried: ${error.message}`,
      detail: { errno: error.code },
    });
    return null;
  }
}
