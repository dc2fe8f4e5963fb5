/**
 * Grammars of command lines, and random sentences of them.
 *
 * @module
 */
import type { Random } from "./random.ts";

/**
 * Rules by name, each with its alternatives: text in which `<name>` stands for what the rule of that name makes, `<name?>` for
 * that or nothing, and `<name*>` for up to three of them with spaces between. `n * text` is as likely as n others. The first
 * alternative of a rule ends a sentence that gets deep, so it has no rule in it that leads back.
 */
export type Grammar = Readonly<Record<string, readonly string[]>>;

/** From this depth on the first alternative is taken. */
const DEEP = 9;

/** A random sentence of `<start>`. @throws {Error} If a rule is missing. */
export function sentence(grammar: Grammar, start: string, random: Random, depth = 0): string {
  const rule = grammar[start];
  if (rule === undefined) throw new Error(`The grammar has no rule <${start}>`);
  const text = depth >= DEEP ? weighed(rule[0]!).text : choose(rule, random);
  return text.replaceAll(/<([\w-]+)([?*]?)>/g, (_, name: string, often: string) => {
    if (often === "?") return random.chance(0.5) ? sentence(grammar, name, random, depth + 1) : "";
    if (often === "") return sentence(grammar, name, random, depth + 1);
    const count = random.pick([0, 1, 1, 2, 3]);
    return Array.from({ length: count }, () => sentence(grammar, name, random, depth + 1)).join(
      " ",
    );
  });
}

function weighed(alternative: string): { readonly weight: number; readonly text: string } {
  const found = /^(\d+) \* (.*)$/s.exec(alternative);
  return found === null
    ? { weight: 1, text: alternative }
    : { weight: Number(found[1]), text: found[2]! };
}

function choose(rule: readonly string[], random: Random): string {
  const alternatives = rule.map(weighed);
  let left = random.below(alternatives.reduce((sum, { weight }) => sum + weight, 0));
  for (const { weight, text } of alternatives) {
    if (left < weight) return text;
    left -= weight;
  }
  throw new Error("The weights of a rule do not add up");
}

/** Names that rules mention and that have no rule. */
export function missingRules(grammar: Grammar): string[] {
  const used = Object.values(grammar).flat().flatMap((text) =>
    [...text.matchAll(/<([\w-]+)[?*]?>/g)].map(([, name]) => name!)
  );
  return [...new Set(used)].filter((name) => grammar[name] === undefined);
}

const JUNK = [
  "(",
  ")",
  "=",
  "!",
  "and",
  "-",
  "--",
  "-Y",
  "--nonsense",
  "''",
  "0",
  "x",
  "*",
  "\\",
  "127.0.0.1",
  "é",
];

/** Spoils a command line in one place, as people do: a word too many, too few, cut or written in capitals. */
export function spoil(words: readonly string[], random: Random): string[] {
  const spoilt = [...words];
  const at = random.below(spoilt.length + 1);
  const word = spoilt[at];
  const ways: (() => void)[] = [() => spoilt.splice(at, 0, random.pick(JUNK))];
  if (word !== undefined) {
    ways.push(
      () => spoilt.splice(at, 1),
      () => spoilt.splice(at, 1, word.slice(0, -1)),
      () => spoilt.splice(at, 1, word.toUpperCase()),
      () => spoilt.splice(at, 1, word, word),
      () => spoilt.splice(at, 1, random.pick(JUNK)),
    );
  }
  random.pick(ways)();
  return spoilt;
}
