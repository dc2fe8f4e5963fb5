/**
 * Splitting an expression between two places that test rows one after the other, the first of which cannot test every
 * condition: the kernel before user space, a row in bytes before its owners are known.
 *
 * @module
 */
import { all, any, type Condition, type Expr, not } from "./ast.ts";

/** Both parts together say what the whole says: `first and rest`. */
export interface Split {
  /** What the first place can test: every row that matches the whole passes it. `null` lets all rows pass. */
  readonly first: Expr | null;
  /** What remains to be tested on the rows that passed; `null` when that is nothing. */
  readonly rest: Expr | null;
}

/**
 * Splits an expression by which conditions the first place can test. Of a conjunction it gets the terms it can test, of
 * a disjunction all or nothing; negations are driven down to the conditions first, so that leaving one out always lets
 * more rows pass and never fewer.
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
      // One alternative that cannot be narrowed down lets every row pass.
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

/** True for conditions that a row answers by itself, before its owners and its reach are known. */
export function isAboutRow({ kind }: Condition): boolean {
  return !["pid", "process", "user", "owners", "reach"].includes(kind);
}
