/**
 * Parses arguments by a flag table, like getopt_long(3), but without abbreviations: a script with `--proc` would break once
 * `--procfs` is added.
 *
 * There are libraries for it, but they cost milliseconds at every start, and help, man page and completions need the table
 * anyway.
 *
 * @module
 */
import type { Flag } from "./flag.ts";
import { nearest } from "../text/nearest.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Applies `args` to `options` in order: `-tu`, `--port 80`, `--port=80`, and `--` before arguments that only look like flags.
 * Returns the arguments that are not flags. Throws {@linkcode UsageError} for an unknown flag, and for a value that is
 * missing, superfluous or not one of the choices.
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
    throw new UsageError(`--${flag.long} ${value}: expected one of ${flag.choices.join(", ")}`);
  }
  flag.set(options, value);
}

function unknownFlag<Options>(
  given: string,
  name: string,
  flags: readonly Flag<Options>[],
): string {
  const meant = nearest(name, flags.map(({ long }) => long));
  return meant === undefined
    ? `there is no flag ${given}; sockeye --help lists them`
    : `there is no flag ${given}: did you mean --${meant}?`;
}
