/**
 * QueryFilter: tests sockets against the filter of a query, in two steps. Conditions on the row itself are tested while it is
 * decoded, before a Socket is made; the rest once owners and reach are known.
 *
 * @module
 */
import { FAMILY_NAMES, familyOf } from "../families/mod.ts";
import type { RowFilter } from "../families/family.ts";
import type { Expr } from "../filter/ast.ts";
import { evaluator, type Predicate } from "../filter/evaluate.ts";
import { type FilterNeeds, needs } from "../filter/needs.ts";
import {
  type RowFacts,
  type SocketLookups,
  SocketSubject,
  type UserNames,
} from "../filter/socket_subject.ts";
import { isAboutRow, split } from "../filter/split.ts";
import type { FamilyName, Netns, Socket } from "../model/socket.ts";
import { DEFAULT_LOCAL_PORTS, type PortRange } from "../model/port_range.ts";
import type { ContainerFinder } from "../origin/container_finder.ts";
import { formatEndpoint } from "../views/columns.ts";
import type { ProcRoot } from "../proc/root.ts";
import { readLocalPortRange } from "../proc/sysctl.ts";

/** Families whose rows are tested while they are decoded. */
const BY_ROW: ReadonlySet<FamilyName> = new Set(
  FAMILY_NAMES.filter((name) => familyOf(name).filtersRows === true),
);

/** The filter of one run. */
export class QueryFilter {
  readonly #row: Predicate;
  readonly #rest: Predicate | null;
  readonly #whole: Predicate;
  readonly #userName: UserNames;
  readonly #lookups: SocketLookups;
  readonly #rowNeeds: FilterNeeds;
  readonly #facts = new Map<Socket, RowFacts>();
  readonly #portRanges = new Map<number | null, PortRange>();
  /** What must be known about a socket before {@linkcode accepts} is called. */
  readonly needs: FilterNeeds;

  constructor(expr: Expr, userName: UserNames, containers: ContainerFinder) {
    const { first, rest } = split(expr, isAboutRow);
    this.#row = first === null ? () => true : evaluator(first, "sockeye");
    this.#rest = rest === null ? null : evaluator(rest, "sockeye");
    this.#whole = evaluator(expr, "sockeye");
    this.#userName = userName;
    this.#lookups = {
      containerName: (process) => containers.names(process)?.name ?? null,
      imageOf: (process) => containers.names(process)?.image ?? null,
      nowMs: Date.now(),
      printed: formatEndpoint,
    };
    this.needs = needs(rest);
    this.#rowNeeds = needs(expr);
  }

  /** The filter for the rows of the namespace that this thread is in. */
  forRows(root: ProcRoot, netns: Netns | null): RowFilter {
    const localPortRange = (this.#rowNeeds.localPortRange ? readLocalPortRange(root) : null) ??
      DEFAULT_LOCAL_PORTS;
    this.#portRanges.set(netns?.inode ?? null, localPortRange);
    const { mark, cgroup, interfaces } = this.needs;
    return {
      localPortRange,
      wants: this.#row,
      keepsFacts: mark || cgroup || interfaces,
      keep: (socket, facts) => this.#facts.set(socket, facts),
    };
  }

  /** True if conditions remain to be tested on sockets whose rows have passed. */
  get hasRest(): boolean {
    return this.#rest !== null;
  }

  /** True if the row of the socket was tested while it was decoded. */
  byRow({ family }: Socket): boolean {
    return BY_ROW.has(family);
  }

  /** True if a socket passes. Its owners and reach must be known as far as {@linkcode needs} says. */
  accepts(socket: Socket): boolean {
    const wanted = this.byRow(socket) ? this.#rest : this.#whole;
    if (wanted === null) return true;
    const range = this.#portRanges.get(socket.netns?.inode ?? null) ?? DEFAULT_LOCAL_PORTS;
    const facts = this.#facts.get(socket);
    return wanted(new SocketSubject(socket, range, this.#userName, facts, this.#lookups));
  }
}
