/**
 * Examined: the processes that are looked at one by one, where thousands share a socket.
 *
 * Where a process lives, what files it has open and what it uses takes some forty system calls. Workers that were forked from
 * one master differ little, and nobody reads thousands of lines, so the answer says how many were left out.
 *
 * @module
 */
import type { Process } from "../../model/owner.ts";
import type { OwnerNode, Relations } from "../../model/relation.ts";

/** So many processes are all looked at. */
export const MOST_EXAMINED = 64;

/** Of more, so many are: each has some hundred descriptors, and what a part of them uses is a sample in any case. */
export const SAMPLE = 16;

/** Those to look at, in their order: all, or a sample. Before the workers that are certainly forked come all others. */
export function examined(
  processes: readonly Process[],
  relations: readonly Relations[],
): readonly Process[] {
  if (processes.length <= MOST_EXAMINED) return processes;
  const workers = new Set<number>();
  const visit = ({ owner, role, certain, children }: OwnerNode): void => {
    if (role === "worker" && certain) workers.add(owner.pid);
    for (const child of children) visit(child);
  };
  for (const { roots } of relations) for (const root of roots) visit(root);
  const chosen = new Set(
    [
      ...processes.filter(({ pid }) => !workers.has(pid)),
      ...processes.filter(({ pid }) => workers.has(pid)),
    ].slice(0, SAMPLE),
  );
  return processes.filter((process) => chosen.has(process));
}
