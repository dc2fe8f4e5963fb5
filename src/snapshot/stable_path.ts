/**
 * The part of a path or an abstract name that is the same after a restart. Programs put a process ID into it, or letters that
 * are drawn anew at every start, so that no two of them meet.
 *
 * @module
 */
import type { OwnerDocument } from "./document.ts";

/** Stands for a process ID. */
export const PID = "PID";
/** Stands for what was drawn. */
export const RANDOM = "RANDOM";

/** Shorter numbers are rather instances and displays than process IDs. */
const SHORTEST_PID = 3;

/** Names that are drawn, by who makes them; the first group stays. */
const DRAWN: readonly RegExp[] = [
  // dbus-daemon: unix:tmpdir=/tmp. GNOME's and KDE's session buses.
  /(^|\/)(dbus-)[A-Za-z0-9]{8,10}$/,
  // ssh-agent, and sshd for a forwarded one: mkdtemp. The number is of a process that may have ended.
  /(^|\/)(ssh-)[A-Za-z0-9]{8,12}(?=\/agent\.\d+$)/,
  // mktemp(1), and Python's tempfile.
  /(^|\/)(tmp\.)[A-Za-z0-9]{10}(?=$|\/)/,
  /(^|\/)(tmp)[a-z0-9_]{8}(?=$|\/)/,
];

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** IDs of containers, shims and random keys. A word of so many letters that happen to be hexadecimal has a digit among them. */
const LONG_HEX = /(?<![0-9A-Za-z])(?=[0-9a-f]*\d)[0-9a-f]{16,}(?![0-9A-Za-z])/gi;

/** The path with {@linkcode PID} for an owner's process ID, and {@linkcode RANDOM} for what is drawn at every start. */
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
