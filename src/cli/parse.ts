/**
 * Parse: arguments against a flag table, as getopt_long does it.
 *
 * One short parser of our own: the table also makes help, man page and completions, and the libraries that would do
 * cost milliseconds at every start.
 *
 * @module
 */
import type { Flag } from "./flag.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Applies `args` to `options` in order: `-tu`, `-tp`, `--port 80`, `--port=80`, and `--` before what only looks like a flag.
 * Returns the arguments that are not flags. Throws {@linkcode UsageError} for an unknown flag or a value that is missing,
 * superfluous or not one of the choices.
 */
export function parseArguments<Options>(
  args: readonly string[],
  flags: readonly Flag<Options>[],
  options: Options,
): string[] {
  const positional: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const takeNext = (name: string): string => {
      const value = args[++i];
      if (value === undefined) throw new UsageError(`${name} needs a value`);
      return value;
    };
    if (arg === "--") {
      positional.push(...args.slice(i + 1));
      break;
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      const flag = flags.find(({ long }) => long === name);
      if (flag === undefined) throw new UsageError(unknownFlag(`--${name}`, name, flags));
      const given = equals < 0 ? undefined : arg.slice(equals + 1);
      if (flag.value === undefined) {
        if (given !== undefined) {
          throw new UsageError(`--${name} takes no value: "${given}" was given`);
        }
        flag.set(options, "");
      } else {
        apply(flag, options, given ?? takeNext(`--${name} ${flag.value}`));
      }
    } else if (arg.startsWith("-") && arg !== "-") {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at]!;
        const flag = flags.find(({ short }) => short === letter);
        if (flag === undefined) throw new UsageError(unknownFlag(`-${letter}`, "", flags));
        if (flag.value === undefined) {
          flag.set(options, "");
        } else {
          const rest = arg.slice(at + 1);
          apply(flag, options, rest === "" ? takeNext(`-${letter} ${flag.value}`) : rest);
          break;
        }
      }
    } else {
      positional.push(arg);
    }
  }
  return positional;
}

function apply<Options>(flag: Flag<Options>, options: Options, value: string): void {
  if (flag.choices !== undefined && !flag.choices.includes(value)) {
    throw new UsageError(`--${flag.long} ${value}: wanted is one of ${flag.choices.join(", ")}`);
  }
  flag.set(options, value);
}

function unknownFlag<Options>(
  given: string,
  name: string,
  flags: readonly Flag<Options>[],
): string {
  const near = name.length < 2
    ? undefined
    : flags.find(({ long }) => long.startsWith(name) || distance(name, long) <= 2);
  const hint = near === undefined ? "" : `: did you mean --${near.long}?`;
  return `there is no flag ${given}${hint || "; sockeye --help lists them"}`;
}

/** Edit distance of Levenshtein, row by row. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
