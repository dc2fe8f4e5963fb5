/**
 * Parser of the sockeye dialect: the words of ss, with the precedence that people expect.
 *
 * ```
 * filter     := disjunction
 * disjunction := conjunction { "or" conjunction }
 * conjunction := negation { [ "and" ] negation }        juxtaposition is "and"
 * negation   := "not" negation | "(" disjunction ")" | condition
 * condition  := FIELD [ COMPARISON ] VALUE { "," VALUE } | "autobound"
 * ```
 *
 * @module
 */
import { all, any, depth, type Expr, MAX_DEPTH, not } from "./ast.ts";
import { FilterSyntaxError, ValueProblem } from "./errors.ts";
import { type Field, fieldNamed, fieldWords, type Values } from "./fields.ts";
import { type Comparison, type Token, tokenize } from "./lexer.ts";
import { parsePrefix } from "./prefix.ts";
import { type FilterResolver, NO_NAMES } from "./resolver.ts";
import { similar } from "../text/nearest.ts";

/**
 * Parses a filter; `null` for one that is empty or only blanks. Throws {@linkcode FilterSyntaxError}, which tells the
 * place and what could stand there.
 */
export function parseFilter(expression: string, resolver: FilterResolver = NO_NAMES): Expr | null {
  return new Parser(expression, resolver).filter();
}

class Parser {
  readonly #expression: string;
  readonly #tokens: readonly Token[];
  readonly #resolver: FilterResolver;
  #next = 0;
  #nesting = 0;

  constructor(expression: string, resolver: FilterResolver) {
    this.#expression = expression;
    this.#tokens = tokenize(expression);
    this.#resolver = resolver;
  }

  filter(): Expr | null {
    if (this.#tokens.length === 1) return null;
    const expr = this.#disjunction();
    const after = this.#token;
    if (after.kind === ")") this.#fail(after, "No parenthesis is open here", "and, or, or the end");
    if (after.kind !== "end") this.#unexpected("and, or, or the end");
    if (depth(expr) > MAX_DEPTH) this.#tooDeep();
    return expr;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #accept(kind: Token["kind"]): boolean {
    if (this.#token.kind !== kind) return false;
    this.#next++;
    return true;
  }

  #disjunction(): Expr {
    const terms = [this.#conjunction()];
    while (this.#accept("or")) terms.push(this.#conjunction());
    return any(terms);
  }

  #conjunction(): Expr {
    const terms = [this.#negation()];
    for (;;) {
      const { kind } = this.#token;
      if (kind === "and") this.#next++;
      else if (kind !== "word" && kind !== "not" && kind !== "(") return all(terms);
      terms.push(this.#negation());
    }
  }

  #negation(): Expr {
    let negated = false;
    while (this.#accept("not")) negated = !negated;
    const expr = this.#accept("(") ? this.#group() : this.#condition();
    return negated ? not(expr) : expr;
  }

  #group(): Expr {
    if (++this.#nesting > MAX_DEPTH) this.#tooDeep();
    const expr = this.#disjunction();
    if (!this.#accept(")")) this.#unexpected("and, or, or a closing parenthesis");
    this.#nesting--;
    return expr;
  }

  #condition(): Expr {
    const word = this.#token;
    const field = word.kind === "word" ? fieldNamed(word.text) : undefined;
    if (field === undefined) return this.#noField(word);
    this.#next++;
    if (field.value === null) return field.read(this.#values("=", []));
    const { comparison, token } = this.#comparison();
    if (!field.ordered && comparison !== "=" && comparison !== "!=") {
      this.#fail(token, `Values of ${field.name} have no order`, `"=" or "!="`);
    }
    const values = [this.#value(field)];
    while (this.#token.kind === ",") {
      if (comparison !== "=" && comparison !== "!=") {
        this.#fail(this.#token, `A list cannot be compared by ${comparison}`, "one value");
      }
      this.#next++;
      values.push(this.#value(field));
    }
    const asked = this.#values(comparison === "!=" ? "=" : comparison, values, field);
    return comparison === "!=" ? not(field.read(asked)) : field.read(asked);
  }

  #comparison(): { comparison: Comparison; token: Token } {
    const token = this.#token;
    if (token.kind !== "comparison") return { comparison: "=", token };
    this.#next++;
    return { comparison: token.text as Comparison, token };
  }

  #value(field: Field): Token {
    const token = this.#token;
    if (token.kind === "word" || token.kind === "string") {
      this.#next++;
      return token;
    }
    if (token.kind === "end") this.#fail(token, `${field.name} has no value`, `${field.value}`);
    return this.#unexpected(`${field.value}`);
  }

  #values(comparison: Values["comparison"], tokens: readonly Token[], field?: Field): Values {
    return {
      comparison,
      resolver: this.#resolver,
      map: (read) => tokens.map((token) => this.#readValue(token, field, () => read(token.text))),
    };
  }

  #readValue<T>(token: Token, field: Field | undefined, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      throw new FilterSyntaxError({
        expression: this.#expression,
        offset: token.offset,
        token: token.source,
        kind: "operand",
        problem: error.problem,
        wanted: error.wanted ?? `${field?.value}`,
        suggestion: error.suggestion,
      });
    }
  }

  #noField(token: Token): never {
    const wanted = "a field (sport, src, state, process and so on)";
    if (token.kind !== "word" && token.kind !== "string") return this.#unexpected(wanted);
    this.#fail(token, `"${token.text}" is not a field`, wanted, suggestion(token.text));
  }

  #unexpected(wanted: string): never {
    const token = this.#token;
    const problem = token.kind === "end"
      ? "The filter ends too early"
      : `Unexpected "${token.source}"`;
    this.#fail(token, problem, wanted);
  }

  #tooDeep(): never {
    const problem = `The filter is nested deeper than ${MAX_DEPTH} levels`;
    this.#fail(this.#token, problem, "a simpler filter");
  }

  #fail(token: Token, problem: string, wanted: string, suggestion?: string): never {
    throw new FilterSyntaxError({
      expression: this.#expression,
      offset: token.offset,
      token: token.source,
      kind: "syntax",
      problem,
      wanted,
      suggestion,
    });
  }
}

/** A suggestion for a word that stands where a field should. */
function suggestion(word: string): string | undefined {
  if (/^:?\d+$/.test(word)) return `port = ${word.replace(":", "")}`;
  if (parsePrefix(word) !== undefined) return `src = ${word}`;
  return similar(word.toLowerCase(), fieldWords());
}
