/**
 * Story: owners of one program that belong together, as a master and the workers that it started.
 *
 * Only what is known to belong together becomes one word on the screen: a program that got a socket by accident is a story of
 * its own, and so is named.
 *
 * @module
 */
import type { Owner, Process } from "../../model/owner.ts";
import { latin1Text } from "../../text/encoding.ts";

/** See the module. */
export interface Story {
  /** The process that the others come from. */
  readonly leader: Owner;
  /** How many processes there are beside it. */
  readonly others: number;
}

/** The processes of a host by ID, owners or not. */
export type ProcessLookup = (pid: number) => Process;

/** One character a byte, so that different names are different keys. */
const nameOf = ({ comm }: Process): string | null => comm === null ? null : latin1Text(comm);

/**
 * The stories of owners, by the process ID of their leaders, and for each process ID the leader of its story. Two owners belong
 * together if they bear one name, and one started the other, or a process of that name started both.
 */
export function storiesOf(
  owners: Iterable<Owner>,
  lookUp: ProcessLookup,
): {
  readonly stories: ReadonlyMap<number, Story>;
  readonly leaderOf: ReadonlyMap<number, number>;
} {
  const byPid = new Map<number, Owner>();
  for (const owner of owners) if (!byPid.has(owner.pid)) byPid.set(owner.pid, owner);
  const leaderOf = new Map<number, number>();
  /** Leaders of stories that begin with a process that owns nothing here, by its ID. */
  const absent = new Map<number, number>();
  const pids = [...byPid.keys()].sort((a, b) => a - b);
  const find = (pid: number, depth = 0): number => {
    const known = leaderOf.get(pid);
    if (known !== undefined) return known;
    const { process } = byPid.get(pid)!;
    const { ppid } = process;
    const name = nameOf(process);
    let leader = pid;
    // A chain of parents cannot be a circle, but the facts were read one after another.
    if (name !== null && ppid !== null && ppid > 0 && depth < pids.length) {
      const parent = byPid.get(ppid);
      if (parent !== undefined) {
        if (nameOf(parent.process) === name) leader = find(ppid, depth + 1);
      } else if (ppid > 1 && nameOf(lookUp(ppid)) === name) {
        leader = absent.get(ppid) ?? pid;
        absent.set(ppid, leader);
      }
    }
    leaderOf.set(pid, leader);
    return leader;
  };
  const counts = new Map<number, number>();
  for (const pid of pids) {
    const leader = find(pid);
    counts.set(leader, (counts.get(leader) ?? 0) + 1);
  }
  const stories = new Map<number, Story>();
  for (const [pid, count] of [...counts].sort(([a], [b]) => a - b)) {
    stories.set(pid, { leader: byPid.get(pid)!, others: count - 1 });
  }
  return { stories, leaderOf };
}
