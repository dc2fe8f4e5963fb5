/**
 * The part of a path or abstract name that stays the same after a restart. Many programs put a process ID or random letters
 * into the names of their sockets.
 *
 * @module
 */
import type { OwnerDocument } from "./document.ts";

/** Stands for a process ID. */
export const PID = "PID";
/** Stands for random letters. */
export const RANDOM = "RANDOM";

/** Shorter numbers are more likely instances or displays than process IDs. */
const SHORTEST_PID = 3;

/** Patterns of random names. The first two groups are kept. */
const DRAWN: readonly RegExp[] = [
  // dbus-daemon: unix:tmpdir=/tmp. GNOME's and KDE's session buses.
  /(^|\/)(dbus-)[A-Za-z0-9]{8,10}$/,
  // mkdtemp() in ssh-agent, and in sshd for a forwarded agent. The number is the ID of a process that may have ended.
  /(^|\/)(ssh-)[A-Za-z0-9]{8,12}(?=\/agent\.\d+$)/,
  // mktemp(1), and Python's tempfile.
  /(^|\/)(tmp\.)[A-Za-z0-9]{10}(?=$|\/)/,
  /(^|\/)(tmp)[a-z0-9_]{8}(?=$|\/)/,
];

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** IDs of containers and shims, and random keys. They have a digit, which tells them from long words of the letters a to f. */
const LONG_HEX = /(?<![0-9A-Za-z])(?=[0-9a-f]*\d)[0-9a-f]{16,}(?![0-9A-Za-z])/gi;

/** The path with {@linkcode PID} in place of an owner's process ID, and {@linkcode RANDOM} in place of random parts. */
export function stablePath(path: string, owners: readonly OwnerDocument[]): string {
  let stable = path.replace(UUID, RANDOM).replace(LONG_HEX, RANDOM);
  for (const drawn of DRAWN) {
    stable = stable.replace(drawn, (_, slash: string, kept: string) => `${slash}${kept}${RANDOM}`);
  }
  stable = stable.replace(/(ssh-RANDOM\/agent\.)\d+$/, `$1${PID}`);
  if (owners.length === 0) return stable;
  return stable.replace(
    /\d+/g,
    (digits) =>
      digits.length >= SHORTEST_PID && owners.some(({ pid }) => String(pid) === digits)
        ? PID
        : digits,
  );
}
