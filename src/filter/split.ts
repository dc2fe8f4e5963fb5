/**
 * Splits an expression in two, for two tests one after the other. The first test cannot judge every condition: the kernel
 * knows less than we do, and a row in bytes has no owners yet.
 *
 * @module
 */
import { BY_OWNERS } from "./needs.ts";
import { all, any, type Condition, type Expr, not } from "./ast.ts";

/** `first and rest` is the same as the whole. */
interface Split {
  /** What the first test can judge. Every row that matches the whole passes it. `null` lets all rows pass. */
  readonly first: Expr | null;
  /** What remains to be judged of the rows that passed; `null` for nothing. */
  readonly rest: Expr | null;
}

/**
 * Splits an expression by the conditions that the first test can judge. Of an `all` the first part gets the terms that can
 * be judged, of an `any` all terms or none. Negations are moved down to the conditions before that, so that leaving out a
 * condition can only let more rows pass, never fewer.
 */
export function split(expr: Expr, testable: (condition: Condition) => boolean): Split {
  const { first, rest } = splitNormal(normalize(expr, false), testable);
  return first === null ? { first, rest: expr } : { first, rest };
}

function normalize(expr: Expr, negated: boolean): Expr {
  switch (expr.kind) {
    case "not":
      return normalize(expr.term, !negated);
    case "all":
    case "any": {
      const terms = expr.terms.map((term) => normalize(term, negated));
      return (expr.kind === "all") !== negated ? all(terms) : any(terms);
    }
    default:
      return negated ? not(expr) : expr;
  }
}

function splitNormal(expr: Expr, testable: (condition: Condition) => boolean): Split {
  switch (expr.kind) {
    case "all": {
      const parts = expr.terms.map((term) => splitNormal(term, testable));
      return {
        first: conjunction(parts.map(({ first }) => first)),
        rest: conjunction(parts.map(({ rest }) => rest)),
      };
    }
    case "any": {
      const parts = expr.terms.map((term) => splitNormal(term, testable));
      const firsts = parts.map(({ first }) => first).filter((first) => first !== null);
      // An alternative that cannot be judged lets every row pass, and so does the whole.
      if (firsts.length < parts.length) return { first: null, rest: expr };
      return { first: any(firsts), rest: parts.every(({ rest }) => rest === null) ? null : expr };
    }
    default: {
      const condition = (expr.kind === "not" ? expr.term : expr) as Condition;
      return testable(condition) ? { first: expr, rest: null } : { first: null, rest: expr };
    }
  }
}

function conjunction(terms: readonly (Expr | null)[]): Expr | null {
  const present = terms.filter((term) => term !== null);
  return present.length === 0 ? null : all(present);
}

/** True for conditions that can be judged by the row alone, without its owners and its reach. */
export function isAboutRow({ kind }: Condition): boolean {
  return kind !== "reach" && kind !== "endpoint" && kind !== "measure" && !BY_OWNERS.includes(kind);
}
