/**
 * The ss dialect against recorded runs of iproute2 7.1.0 over one frozen table of sockets: the same rows, and the same
 * exit status where it refused.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import {
  evaluator,
  type FilterResolver,
  FilterSyntaxError,
  NO_NAMES,
} from "../../../../src/filter/mod.ts";
import { parseSsFilter } from "../../../../src/tools/ss/filter/parser.ts";
import { takeStateClauses } from "../../../../src/tools/ss/filter/states.ts";
import runs from "../../../fixtures/filter/ss_runs.json";
import { subject } from "../../../filter/subjects.ts";

const SERVICES: Record<string, number> = { ssh: 22, domain: 53, http: 80, https: 443 };

const names: FilterResolver = {
  ...NO_NAMES,
  port: (service) => SERVICES[service],
  interfaceIndex: (name) => name === "lo" ? 1 : undefined,
};

const subjects = runs.rows.map((row) =>
  subject({
    family: row.family,
    stateNumber: row.state,
    src: row.src,
    dst: row.dst,
    sport: row.sport,
    dport: row.dport,
    ifindex: row.ifindex,
    mark: row.mark,
    localPortRange: runs.localPortRange,
  })
);

/** Rows that match, or the exit status. */
function run(args: readonly string[]): readonly number[] | number {
  try {
    const { rest } = takeStateClauses(args);
    const { expr } = parseSsFilter(rest, { resolver: names, tables: ["tcp"] });
    const wanted = expr === null ? () => true : evaluator(expr, "ss");
    return subjects.flatMap((row, i) => wanted(row) ? [i] : []);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    return error.ssExitStatus;
  }
}

describe("the ss dialect finds what ss found", () => {
  for (const { id, args, exit, rows } of runs.cases) {
    test(`${id}: ${args.join(" ")}`, () => {
      const expected = exit === 0 ? [...rows].sort((a, b) => a - b) : exit;
      expect(run(args)).toEqual(expected);
    });
  }
});
