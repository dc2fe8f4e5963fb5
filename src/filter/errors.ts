/**
 * FilterSyntaxError: an error in a filter: what is wrong, where, and what could stand there instead.
 *
 * @module
 */

/** What is known of the fault. */
interface FilterFault {
  /** The whole expression: arguments joined by blanks. */
  readonly expression: string;
  /** Where the offending token begins in the expression, in UTF-16 units. At the end of the expression: its length. */
  readonly offset: number;
  /** The offending token as it was written; empty at the end of the expression. */
  readonly token: string;
  /**
   * `syntax`: a token that cannot stand there; ss exits with 255. `operand`: a value of the right kind that does not
   * exist, such as an unknown service; ss exits with 1.
   */
  readonly kind: "syntax" | "operand";
  /** What is wrong: a clause that begins with a capital letter. */
  readonly problem: string;
  /** What could stand there instead: `a port`. */
  readonly wanted: string;
  /** A word that may have been meant. */
  readonly suggestion?: string | undefined;
}

/** A filter that cannot be read. The message is one line; {@linkcode formatFilterError} shows the place. */
export class FilterSyntaxError extends SyntaxError {
  override readonly name = "FilterSyntaxError";
  readonly expression: string;
  readonly offset: number;
  readonly token: string;
  readonly kind: "syntax" | "operand";
  readonly wanted: string;
  readonly suggestion: string | undefined;

  constructor(fault: FilterFault) {
    const hint = fault.suggestion === undefined ? "" : `, did you mean ${fault.suggestion}?`;
    super(`${fault.problem}${hint || `: expected ${fault.wanted}`}`);
    this.expression = fault.expression;
    this.offset = fault.offset;
    this.token = fault.token;
    this.kind = fault.kind;
    this.wanted = fault.wanted;
    this.suggestion = fault.suggestion;
  }

  /** Exit status of ss for this fault. */
  get ssExitStatus(): 1 | 255 {
    return this.kind === "operand" ? 1 : 255;
  }
}

/**
 * A value that its field cannot take. The functions that read values throw it, as they do not know the place in the
 * expression; the parsers turn it into a {@linkcode FilterSyntaxError}.
 */
export class ValueProblem {
  /** @param wanted what is expected, if the field's own description of its values is not enough. */
  constructor(
    readonly problem: string,
    readonly wanted?: string,
    readonly suggestion?: string,
  ) {}
}

/** How much of a long expression is shown on either side of the fault, in characters. */
const CONTEXT = 60;

/**
 * Three lines: the message, the expression, and carets under the offending token, in the cells that a terminal gives to
 * wide and combining characters. Long expressions are cut around it; control characters are shown as `?`, so that a file name in a filter cannot steer the terminal.
 */
export function formatFilterError(error: FilterSyntaxError): string {
  const chars = [...error.expression];
  const start = [...error.expression.slice(0, error.offset)].length;
  const width = Math.min([...error.token].length, CONTEXT);
  const from = start > CONTEXT ? start - CONTEXT : 0;
  const to = Math.min(chars.length, start + width + CONTEXT);
  const before = from > 0 ? "..." : "";
  const after = to < chars.length ? "..." : "";
  const shown = visible(chars.slice(from, to).join(""));
  const cells = (first: number, last: number) =>
    Bun.stringWidth(visible(chars.slice(first, last).join("")));
  const indent = " ".repeat(before.length + cells(from, start));
  const carets = "^".repeat(Math.max(1, cells(start, start + width)));
  const wanted = error.suggestion === undefined ? "" : ` ${error.wanted}`;
  return [
    visible(error.message),
    `  ${before}${shown}${after}`,
    `  ${indent}${carets}${wanted}`,
  ].join("\n");
}

function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
}
