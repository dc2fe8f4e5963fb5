/**
 * Parser of the ss dialect, with the grammar and the quirks of iproute2 7.1.0:
 *
 * ```
 * filter   := [ exprlist ]
 * exprlist := expr { [ "and" | "or" ] expr }         all of equal precedence, from left to right
 * expr     := "(" exprlist ")" | "not" expr
 *           | ( "src" | "dst" ) [ "=" ] HOST
 *           | ( "sport" | "dport" ) [ "=" | "!=" | "<" | "<=" | ">" | ">=" ] PORT
 *           | ( "dev" | "fwmark" | "cgroup" ) [ "=" | "!=" ] OPERAND
 *           | "autobound"
 * ```
 *
 * Each word is checked as it is read, so the first of two errors is reported. An operand is read for the field that was
 * named last, even where no operand is allowed.
 *
 * @module
 */
import {
  all,
  any,
  type Condition,
  depth,
  type End,
  type Expr,
  MAX_DEPTH,
  not,
} from "../../../filter/ast.ts";
import { FilterSyntaxError, ValueProblem } from "../../../filter/errors.ts";
import { type FilterResolver, NO_NAMES } from "../../../filter/resolver.ts";
import { AF_UNSPEC } from "../../../model/address_family.ts";
import { type Host, readHost } from "./host.ts";
import { type Keyword, keywordOf, splitWords, type Word } from "./lexer.ts";
import { parseUnsigned, scanInteger } from "./number.ts";

/** What the meaning of a filter depends on. */
export interface SsFilterOptions {
  readonly resolver?: FilterResolver;
  /** The family of the last option that chose one, such as `-4` or `-x`; AF_UNSPEC without one. */
  readonly preferredFamily?: number;
  /** The tables that options chose, by their names for `-A`. Services are looked up for `tcp` and `udp` among them. */
  readonly tables?: readonly string[];
}

/** A filter, and the families that its operands choose. */
interface SsFilter {
  /** `null` for an empty filter. */
  readonly expr: Expr | null;
  /**
   * Families of the operands, in the order they were read. Each **replaces** the set of families to show and becomes the
   * preferred family, so the last one counts. The states stay as they are.
   */
  readonly families: readonly number[];
}

/**
 * Parses the arguments that follow the options and the state clauses. Throws {@linkcode FilterSyntaxError}, whose
 * `ssExitStatus` is the exit status that ss has for the fault.
 */
export function parseSsFilter(args: readonly string[], options: SsFilterOptions = {}): SsFilter {
  const parser = new Parser(args, options);
  const expr = parser.filter();
  return { expr, families: parser.families };
}

/** The field whose operand is read next. */
type Field = "src" | "dst" | "sport" | "dport" | "dev" | "fwmark" | "cgroup";

/** An operand as its field reads it. */
type Operand = { readonly host: Host } | { readonly condition: Condition };

type Token =
  | { readonly kind: "keyword"; readonly keyword: Keyword; readonly word: Word }
  | { readonly kind: "operand"; readonly operand: Operand; readonly word: Word }
  | { readonly kind: "end"; readonly word: Word };

class Parser {
  readonly families: number[] = [];
  readonly #expression: string;
  readonly #words: readonly Word[];
  readonly #resolver: FilterResolver;
  readonly #tables: readonly string[];
  #preferredFamily: number;
  /** The field that was named last. Before the first one, operands are read as hosts. */
  #field: Field = "src";
  #next = 0;
  #peeked: Token | null = null;
  #nesting = 0;

  constructor(args: readonly string[], options: SsFilterOptions) {
    this.#expression = args.join(" ");
    this.#words = splitWords(args);
    this.#resolver = options.resolver ?? NO_NAMES;
    this.#tables = options.tables ?? ["tcp", "udp"];
    this.#preferredFamily = options.preferredFamily ?? AF_UNSPEC;
  }

  filter(): Expr | null {
    if (this.#peek().kind === "end") return null;
    const expr = this.#list();
    if (this.#peek().kind !== "end") this.#unexpected(`"and", "or" or another condition`);
    if (depth(expr) > MAX_DEPTH) this.#tooDeep();
    return expr;
  }

  #list(): Expr {
    // Terms with the same operator form one list. When the operator changes, that list becomes the first term of the next.
    let join = all;
    let terms = [this.#expr()];
    for (;;) {
      const token = this.#peek();
      const keyword = token.kind === "keyword" ? token.keyword : null;
      if (token.kind === "end" || keyword === ")") return join(terms);
      if (keyword === "or" || keyword === "and") this.#take();
      const next = keyword === "or" ? any : all;
      if (next !== join && terms.length > 1) terms = [join(terms)];
      join = next;
      terms.push(this.#expr());
    }
  }

  #expr(): Expr {
    let negated = false;
    while (this.#takeKeyword("not")) negated = !negated;
    const expr = this.#takeKeyword("(") ? this.#group() : this.#condition();
    return negated ? not(expr) : expr;
  }

  #group(): Expr {
    if (++this.#nesting > MAX_DEPTH) this.#tooDeep();
    const expr = this.#list();
    if (!this.#takeKeyword(")")) this.#unexpected(`")"`);
    this.#nesting--;
    return expr;
  }

  #condition(): Expr {
    const token = this.#peek();
    const keyword = token.kind === "keyword" ? token.keyword : null;
    switch (keyword) {
      case "autobound":
        this.#take();
        return { kind: "autobound" };
      case "src":
      case "dst":
        this.#take();
        this.#takeKeyword("=");
        return this.#host("an address").condition;
      case "sport":
      case "dport":
        this.#take();
        return this.#portComparison(keyword === "sport" ? "source" : "destination");
      case "dev":
      case "fwmark":
      case "cgroup": {
        this.#take();
        const negated = !this.#takeKeyword("=") && this.#takeKeyword("!=");
        const operand = this.#operand("a value");
        if (!("condition" in operand)) throw new TypeError(`Field ${keyword} read a host`);
        return negated ? not(operand.condition) : operand.condition;
      }
      default:
        return this.#unexpected("src, dst, sport, dport, dev, fwmark, cgroup, autobound, not or (");
    }
  }

  #portComparison(end: End): Expr {
    const token = this.#peek();
    const operator = token.kind === "keyword" ? token.keyword : "=";
    const ordered = (order: "<=" | ">="): Expr => {
      this.#take();
      return { kind: "port_order", end, operator: order, port: this.#host("a port").port };
    };
    switch (operator) {
      case "=":
        this.#takeKeyword("=");
        return this.#host("a port").condition;
      case "!=":
        this.#take();
        return not(this.#host("a port").condition);
      case "<=":
      case ">=":
        return ordered(operator);
      case "<":
        return not(ordered(">="));
      case ">":
        return not(ordered("<="));
      default:
        return this.#unexpected("a comparison or a port");
    }
  }

  #host(wanted: string): Host {
    const operand = this.#operand(wanted);
    if (!("host" in operand)) throw new TypeError("Field of an address read no host");
    return operand.host;
  }

  #operand(wanted: string): Operand {
    const token = this.#peek();
    if (token.kind !== "operand") return this.#unexpected(wanted);
    this.#peeked = null;
    return token.operand;
  }

  /** The next token. It is read at the first call, which changes the field or family, or throws for a bad operand. */
  #peek(): Token {
    return this.#peeked ??= this.#read();
  }

  #take(): void {
    this.#peek();
    this.#peeked = null;
  }

  #takeKeyword(keyword: Keyword): boolean {
    const token = this.#peek();
    if (token.kind !== "keyword" || token.keyword !== keyword) return false;
    this.#peeked = null;
    return true;
  }

  #read(): Token {
    const word = this.#words[this.#next];
    if (word === undefined) {
      return { kind: "end", word: { text: "", source: "", offset: this.#expression.length } };
    }
    this.#next++;
    const keyword = keywordOf(word.text);
    if (keyword === undefined) return { kind: "operand", operand: this.#readOperand(word), word };
    if (isField(keyword)) this.#field = keyword;
    return { kind: "keyword", keyword, word };
  }

  #readOperand(word: Word): Operand {
    try {
      switch (this.#field) {
        case "dev":
          return { condition: readDevice(word.text, this.#resolver) };
        case "fwmark":
          return { condition: readMark(word.text) };
        case "cgroup":
          return { condition: readCgroup(word.text, this.#resolver) };
        default:
          return { host: this.#readHost(word.text, this.#field) };
      }
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      throw this.#fault("operand", word, error.problem, error.wanted ?? "another value");
    }
  }

  #readHost(text: string, field: "src" | "dst" | "sport" | "dport"): Host {
    const end = field === "src" || field === "sport" ? "source" : "destination";
    const host = readHost(text, end, field === "sport" || field === "dport", {
      preferredFamily: this.#preferredFamily,
      tables: this.#tables,
      resolver: this.#resolver,
    });
    if (host.family !== AF_UNSPEC) {
      this.families.push(host.family);
      this.#preferredFamily = host.family;
    }
    return host;
  }

  #unexpected(wanted: string): never {
    const { kind, word } = this.#peek();
    const problem = kind === "end" ? "The filter ends too early" : `Unexpected "${word.source}"`;
    throw this.#fault("syntax", word, problem, wanted);
  }

  #tooDeep(): never {
    const { word } = this.#peek();
    const problem = `The filter is nested deeper than ${MAX_DEPTH} levels`;
    throw this.#fault("syntax", word, problem, "a simpler filter");
  }

  #fault(kind: "syntax" | "operand", word: Word, problem: string, wanted: string) {
    return new FilterSyntaxError({
      expression: this.#expression,
      offset: word.offset,
      token: word.source,
      kind,
      problem,
      wanted,
    });
  }
}

function isField(keyword: Keyword): keyword is Field {
  return ["src", "dst", "sport", "dport", "dev", "fwmark", "cgroup"].includes(keyword);
}

function readDevice(text: string, resolver: FilterResolver): Condition {
  // ss prints an interface without a name as `if7`, so that is read too.
  const numbered = /^if(\d+)/.exec(text)?.[1];
  const index = resolver.interfaceIndex(text) ??
    (numbered === undefined ? undefined : Number(numbered)) ?? parseUnsigned(text);
  if (index === undefined) {
    throw new ValueProblem(`"${text}" is not an interface`, "an interface name or index");
  }
  return { kind: "device", name: text, index };
}

/** Reads a mark as scanf("%i/%i") does: text behind the last number is ignored. */
function readMark(text: string): Condition {
  const mark = scanInteger(text);
  const wanted = "MARK or MARK/MASK";
  if (mark === undefined) throw new ValueProblem(`"${text}" is not a mark`, wanted);
  const word = (value: bigint) => Number(BigInt.asUintN(32, value));
  if (!text.includes("/")) return { kind: "mark", mark: word(mark.value), mask: 0xffffffff };
  const rest = text.slice(mark.length);
  const mask = rest.startsWith("/") ? scanInteger(rest.slice(1)) : undefined;
  if (mask === undefined) throw new ValueProblem(`"${text}" has no mask after its /`, wanted);
  return { kind: "mark", mark: word(mark.value), mask: word(mask.value) };
}

function readCgroup(text: string, resolver: FilterResolver): Condition {
  // A backslash with nothing behind it makes an empty word, which is not the root.
  const id = text === "" ? undefined : resolver.cgroupId(text);
  if (id === undefined) throw new ValueProblem(`"${text}" is not a control group`, "a path");
  return { kind: "cgroup", path: text, id };
}
