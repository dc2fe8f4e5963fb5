/**
 * Relation: works out how the owners of a socket came to share it, from parentage, programs, descriptors, environment.
 *
 * @module
 */
import type { Bytes, Owner, Process } from "../model/owner.ts";
import type {
  Consequence,
  Evidence,
  OwnerNode,
  OwnerRole,
  Relations,
  Reuse,
} from "../model/relation.ts";
import type { Socket } from "../model/socket.ts";
import { utf8Text } from "../text/encoding.ts";

/** What is looked up about processes, owners or not. */
export interface ProcessFacts {
  get(pid: number): Process;
  /** A variable of the environment that the program was started with; `null` where it is not set or not readable. */
  environment(pid: number, name: string): string | null;
  /** True if that environment could not be read. Absent: it always could. */
  environmentUnread?(pid: number): boolean;
  /** Inode of the network namespace; `null` where it cannot be read. */
  netns(pid: number): number | null;
  /** The name of a network namespace; `null` where it has none. */
  netnsName(inode: number): string | null;
  /**
   * Whether two processes run the same image of a program: one was forked from the other and has not called exec since.
   * `null` where it cannot be told.
   */
  sameImage(pid: number, other: number): boolean | null;
  /** How the socket lets others bind, asked through a descriptor of it; `null` where that is not allowed. */
  reuse(pid: number, fd: number, inode: number): Reuse | null;
}

/** Parents are followed no further than this: /proc is read while processes come and go. */
const MAX_DEPTH = 256;

/** Works out the relations of a socket's owners. */
export function relate(
  socket: Pick<Socket, "owners" | "netns" | "state" | "transport" | "inode">,
  facts: ProcessFacts,
): Relations {
  const mains = new Map<number, Owner>();
  const threads = new Map<number, Owner[]>();
  for (const owner of socket.owners) {
    if (owner.tid === null) mains.set(owner.pid, owner);
    else pushTo(threads, owner.pid, owner);
  }
  // A process that holds the socket by a thread's table alone is an owner like any other.
  for (const [pid, [first, ...rest]] of threads) {
    if (mains.has(pid)) continue;
    mains.set(pid, first!);
    threads.set(pid, rest);
  }
  const ancestry = new Map([...mains.keys()].map((pid) => [pid, ancestorsOf(pid, facts)]));
  const parentOf = new Map<number, number>();
  for (const [pid, ancestors] of ancestry) {
    const parent = ancestors.find((ancestor) => mains.has(ancestor));
    if (parent !== undefined && !descends(parent, pid, parentOf)) parentOf.set(pid, parent);
  }
  const roots = [...mains.keys()].filter((pid) => !parentOf.has(pid)).sort(ascending);
  const childrenOf = new Map<number, number[]>();
  for (const [child, parent] of parentOf) pushTo(childrenOf, parent, child);
  const families = familiesOf(roots, ancestry);
  const build = (pid: number): OwnerNode => {
    const owner = mains.get(pid)!;
    const parent = parentOf.get(pid);
    const judged = parent === undefined
      ? judgeRoot(owner, roots, families, ancestry, socket, facts)
      : judgeChild(owner, mains.get(parent)!, ancestry.get(pid)!, socket, facts);
    const children = (childrenOf.get(pid) ?? []).sort(ascending).map(build);
    const own = (threads.get(pid) ?? []).map(threadNode);
    // Its environment might tell that the socket was given to it.
    const { told, role, evidence } = judged;
    const certain = judged.certain &&
      (role === "activated" || facts.environmentUnread?.(told) !== true);
    return { owner, role, evidence, certain, children: [...own, ...children] };
  };
  const tree = roots.map(build);
  return { roots: tree, consequences: consequencesOf(tree, socket, facts) };
}

const ascending = (a: number, b: number) => a - b;

function pushTo<V>(lists: Map<number, V[]>, key: number, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** How many other processes a fact names. Thousands may share a socket, and each would name all others. */
const NAMED_OTHERS = 64;

/** The roots by their parents. */
function familiesOf(
  roots: readonly number[],
  ancestry: ReadonlyMap<number, readonly number[]>,
): ReadonlyMap<number, readonly number[]> {
  const families = new Map<number, number[]>();
  for (const pid of roots) {
    const parent = ancestry.get(pid)?.[0];
    if (parent !== undefined) pushTo(families, parent, pid);
  }
  return families;
}

/** The others of a list that has `pid`; `unnamed` only where not all are named. */
function othersThan(
  pid: number,
  all: readonly number[],
): { readonly pids: number[]; readonly unnamed?: number } {
  const pids = all.slice(0, NAMED_OTHERS + 1).filter((other) => other !== pid)
    .slice(0, NAMED_OTHERS);
  const unnamed = all.length - 1 - pids.length;
  return unnamed > 0 ? { pids, unnamed } : { pids };
}
const text = (bytes: Bytes | null) => bytes === null ? null : utf8Text(bytes);

function ancestorsOf(pid: number, facts: ProcessFacts): number[] {
  const ancestors: number[] = [];
  let next = facts.get(pid).ppid;
  while (
    next !== null && next > 0 && next !== pid && ancestors.length < MAX_DEPTH &&
    !ancestors.includes(next)
  ) {
    ancestors.push(next);
    next = facts.get(next).ppid;
  }
  return ancestors;
}

// A process ID that was given anew between two reads can make a circle.
function descends(pid: number, from: number, parentOf: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined; at = parentOf.get(at)) {
    if (at === from) return true;
  }
  return false;
}

interface Judgement {
  readonly role: OwnerRole;
  readonly certain: boolean;
  readonly evidence: readonly Evidence[];
  /** The process whose environment was looked at. */
  readonly told: number;
}

function threadNode(owner: Owner): OwnerNode {
  return {
    owner,
    role: "thread",
    certain: true,
    evidence: [{ kind: "own_table", tid: owner.tid! }],
    children: [],
  };
}

function judgeChild(
  owner: Owner,
  parent: Owner,
  ancestors: readonly number[],
  socket: Pick<Socket, "netns">,
  facts: ProcessFacts,
): Judgement {
  const evidence: Evidence[] = [{
    kind: "ancestor",
    pid: parent.pid,
    via: ancestors.slice(0, ancestors.indexOf(parent.pid)),
  }];
  const comm = text(parent.process.comm);
  // Of a fork that has not called exec since, program and environment are those of the one above: they are not read again.
  const image = text(owner.process.comm) === comm ? facts.sameImage(owner.pid, parent.pid) : null;
  const told = image === true ? parent : owner;
  const activation = activationEvidence(owner, facts, told.pid);
  const exe = text(told.process.exe);
  const parentExe = text(parent.process.exe);
  const same = owner.fds.filter((fd) => parent.fds.includes(fd));
  if (exe !== null && parentExe !== null) {
    evidence.push(
      exe === parentExe
        ? { kind: "same_program", exe }
        : { kind: "other_program", exe, ancestor_exe: parentExe },
    );
  }
  evidence.push(
    same.length > 0
      ? { kind: "same_fd", fds: same }
      : { kind: "other_fd", fds: owner.fds, ancestor_fds: parent.fds },
  );
  evidence.push(...netnsEvidence(owner, socket, facts));
  if (activation.length > 0) {
    // If the process above has no such variable, this one was given it first.
    const first = parentExe !== null && facts.environment(parent.pid, "LISTEN_FDS") === null;
    return {
      role: "activated",
      certain: first || isMeant(activation),
      evidence: [...evidence, ...activation],
      told: told.pid,
    };
  }
  // Every process descends from init. If a service manager holds the socket too, that is socket activation. Process 1 of a
  // container is often the service itself, or a shell.
  if (parent.pid === 1 && exe !== parentExe && (comm === "systemd" || comm === "init")) {
    return {
      role: "activated",
      certain: comm === "systemd",
      evidence: [...evidence, { kind: "init", pid: 1, comm: comm ?? "?" }],
      told: told.pid,
    };
  }
  // The program of a process of another user cannot be read; its name can.
  const sameProgram = exe !== null && parentExe !== null
    ? exe === parentExe
    : text(owner.process.comm) === comm;
  const known = exe !== null && parentExe !== null;
  const forked = sameProgram ? image ?? facts.sameImage(owner.pid, parent.pid) : false;
  if (sameProgram && forked !== null) evidence.push({ kind: forked ? "same_image" : "executed" });
  // A fork keeps the number. Another number means that it was duplicated, or came in another way. One that called exec and
  // runs the same program may be a worker, or a program of its own in the same language.
  return {
    role: !sameProgram ? "inherited" : same.length > 0 ? "worker" : "passed",
    certain: known && same.length > 0 && (!sameProgram || forked === true),
    evidence,
    told: told.pid,
  };
}

// sd_listen_fds(3): LISTEN_FDS descriptors from 3 on. `told`: the process whose environment says so.
function activationEvidence(
  owner: Owner,
  facts: ProcessFacts,
  told = owner.pid,
): Evidence[] {
  const value = facts.environment(told, "LISTEN_FDS");
  if (value === null || !/^[1-9]\d{0,5}$/.test(value)) return [];
  const end = 3 + Number(value);
  if (!owner.fds.some((fd) => fd >= 3 && fd < end)) return [];
  // Children of the service have the variable as well; where LISTEN_PID is set it names the one it was meant for.
  const pid = facts.environment(told, "LISTEN_PID");
  if (pid !== null && pid !== String(owner.pid)) return [];
  return [
    { kind: "environment", name: "LISTEN_FDS", value },
    ...(pid === null ? [] : [{ kind: "environment", name: "LISTEN_PID", value: pid } as const]),
  ];
}

// Without LISTEN_PID the variable may have been meant for another process.
function isMeant(evidence: readonly Evidence[]): boolean {
  return evidence.some((fact) => fact.kind === "environment" && fact.name === "LISTEN_PID");
}

function netnsEvidence(
  { pid }: Owner,
  socket: Pick<Socket, "netns">,
  facts: ProcessFacts,
): Evidence[] {
  const netns = facts.netns(pid);
  if (netns === null || socket.netns === null || netns === socket.netns.inode) return [];
  const name = facts.netnsName(netns);
  return [{ kind: "other_netns", netns, name, socket_netns: socket.netns.inode }];
}

function judgeRoot(
  owner: Owner,
  roots: readonly number[],
  families: ReadonlyMap<number, readonly number[]>,
  ancestry: ReadonlyMap<number, readonly number[]>,
  socket: Pick<Socket, "netns">,
  facts: ProcessFacts,
): Judgement {
  const evidence = netnsEvidence(owner, socket, facts);
  const told = owner.pid;
  const activation = activationEvidence(owner, facts);
  if (activation.length > 0) {
    return {
      role: "activated",
      certain: isMeant(activation),
      evidence: [...evidence, ...activation],
      told,
    };
  }
  if (roots.length === 1) return { role: "holder", certain: true, evidence, told };
  const parent = ancestry.get(owner.pid)![0];
  const family = parent === undefined ? [] : families.get(parent) ?? [];
  // Two children of init need not be related, because init adopts all orphans.
  if (parent !== undefined && parent !== 1 && family.length > 1) {
    evidence.push({ kind: "same_parent", pid: parent, ...othersThan(owner.pid, family) });
    return { role: "sibling", certain: false, evidence, told };
  }
  evidence.push({ kind: "no_common_ancestor", ...othersThan(owner.pid, roots) });
  return { role: "passed", certain: false, evidence, told };
}

// Who could bind again is judged for sockets that hold an address for themselves.
function consequencesOf(
  roots: readonly OwnerNode[],
  { state, transport, inode }: Pick<Socket, "state" | "transport" | "inode">,
  facts: ProcessFacts,
): Consequence[] {
  const listens = state === "listen";
  if (!listens && !(state === "close" && transport.startsWith("udp"))) return [];
  return roots.flatMap((root): Consequence[] => {
    const by = inheritors(root);
    if (by.length === 0) return [];
    const { pid, fds } = root.owner;
    const reuse = inode === null ? null : facts.reuse(pid, fds[0]!, inode);
    if (reuse?.port) return listens ? [{ kind: "share_kept", pid, by, reuse }] : [];
    // Datagram sockets share an address by either option; listeners never by SO_REUSEADDR.
    return !listens && reuse?.address ? [] : [{ kind: "port_kept", pid, by, reuse }];
  });
}

// Descendants that run other programs than the root; the workers of such a one count with it.
function inheritors(node: OwnerNode): number[] {
  return node.children.flatMap((child) =>
    child.role === "inherited" ? [child.owner.pid, ...descendants(child)] : inheritors(child)
  );
}

function descendants(node: OwnerNode): number[] {
  return node.children.filter(({ role }) => role !== "thread")
    .flatMap((child) => [child.owner.pid, ...descendants(child)]);
}
