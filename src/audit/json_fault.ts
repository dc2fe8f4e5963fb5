/**
 * Finds where a text stops being JSON, and what is wanted there. The parser of the runtime does not say.
 *
 * @module
 */

/** The first place that is not JSON. */
interface JsonFault {
  /** From 1. */
  readonly line: number;
  readonly wanted: string;
}

const SPACE = /[ \t\r\n]*/y;
// deno-lint-ignore no-control-regex
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** What is wanted next, in the words of the error message. */
const VALUE = "a value";
const KEY = 'a key in double quotes, or "}"';
const NEXT_KEY = "a key in double quotes";
const ITEM = 'a value, or "]"';
const COLON = '":"';
const AFTER = { "{": '"," or "}"', "[": '"," or "]"' } as const;
const END = "the end";

/** Finds the fault; `null` if the text is JSON. */
export function jsonFault(text: string): JsonFault | null {
  const open: ("{" | "[")[] = [];
  let at = 0;
  let next: string = VALUE;
  const take = (token: RegExp): boolean => {
    token.lastIndex = at;
    if (!token.test(text)) return false;
    at = token.lastIndex;
    return true;
  };
  const done = () => open.length === 0 ? END : AFTER[open.at(-1)!];
  for (;;) {
    take(SPACE);
    const start = at;
    const sign = text[at];
    if (next === END) return sign === undefined ? null : { line: lineAt(text, at), wanted: END };
    const inside = open.at(-1);
    const closes = inside === "{" ? "}" : "]";
    let fits = true;
    if ((next === KEY || next === ITEM || next === done()) && sign === closes && inside) {
      at++;
      open.pop();
      next = done();
    } else if (next === KEY || next === NEXT_KEY) {
      fits = take(STRING);
      next = fits ? COLON : next;
    } else if (next === COLON) {
      fits = sign === ":";
      at++;
      next = fits ? VALUE : next;
    } else if (next === VALUE || next === ITEM) {
      if (sign === "{" || sign === "[") {
        at++;
        open.push(sign);
        next = sign === "{" ? KEY : ITEM;
      } else {
        fits = take(STRING) || take(SCALAR);
        next = fits ? done() : next;
      }
    } else {
      fits = sign === ",";
      at++;
      next = fits ? (inside === "{" ? NEXT_KEY : VALUE) : next;
    }
    if (!fits) return { line: lineAt(text, start), wanted: next };
  }
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
