/**
 * getopt_long(3): arguments read as the programs we stand in for read them, abbreviations and messages included.
 *
 * @module
 */

/** An option of a program that is imitated. */
export interface CompatFlag<Options> {
  /** One letter. */
  readonly short?: string;
  /** Long names, without dashes. */
  readonly long?: readonly string[];
  /** Name of the value in help. Without it there is none. */
  readonly value?: string;
  /** True when `--name` may stand without its value. */
  readonly optional?: boolean;
  /** Ours and not the original's: never matched by an abbreviation, so that those mean what they always did. */
  readonly extension?: boolean;
  /** What it does: starts lower case, no period. Without it help is silent about the flag. */
  readonly help?: string;
  /** Records the option; `value` is "" where none was given. */
  set(options: Options, value: string): void;
}

/** An argument that is not understood, in the words of libc, without the name of the program. */
export class GetoptError extends Error {
  override readonly name = "GetoptError";
}

/**
 * Applies `args` to `options` in their order; arguments that are not options may stand between them and are returned. With
 * `ordered`, which is what POSIXLY_CORRECT means, the first of those ends the options. Throws {@linkcode GetoptError}, and
 * what the flags throw: at the first one, when what came before is applied.
 */
export function getopt<Options>(
  args: readonly string[],
  flags: readonly CompatFlag<Options>[],
  options: Options,
  ordered = false,
): string[] {
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const given = equals < 0 ? null : arg.slice(equals + 1);
      const { flag, name } = findLong(equals < 0 ? arg.slice(2) : arg.slice(2, equals), flags);
      if (flag.value === undefined) {
        if (given !== null) throw new GetoptError(`option '--${name}' doesn't allow an argument`);
        flag.set(options, "");
      } else if (given !== null || flag.optional) {
        flag.set(options, given ?? "");
      } else {
        if (++i >= args.length) throw new GetoptError(`option '--${name}' requires an argument`);
        flag.set(options, args[i]!);
      }
    } else if (arg.startsWith("-") && arg !== "-") {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at]!;
        const flag = flags.find(({ short }) => short === letter);
        if (flag === undefined) throw new GetoptError(`invalid option -- '${letter}'`);
        if (flag.value === undefined) {
          flag.set(options, "");
          continue;
        }
        const attached = arg.slice(at + 1);
        if (attached !== "" || flag.optional) {
          flag.set(options, attached);
        } else {
          if (++i >= args.length) {
            throw new GetoptError(`option requires an argument -- '${letter}'`);
          }
          flag.set(options, args[i]!);
        }
        break;
      }
    } else if (ordered) {
      rest.push(...args.slice(i));
      break;
    } else {
      rest.push(arg);
    }
  }
  return rest;
}

function findLong<Options>(
  given: string,
  flags: readonly CompatFlag<Options>[],
): { flag: CompatFlag<Options>; name: string } {
  const found: { flag: CompatFlag<Options>; name: string }[] = [];
  for (const flag of flags) {
    for (const name of flag.long ?? []) {
      if (name === given) return { flag, name };
      if (!flag.extension && name.startsWith(given)) found.push({ flag, name });
    }
  }
  const [first] = found;
  if (first === undefined) throw new GetoptError(`unrecognized option '--${given}'`);
  // Several names of one flag are no ambiguity.
  if (found.some(({ flag }) => flag !== first.flag)) {
    const names = found.map(({ name }) => `'--${name}'`).join(" ");
    throw new GetoptError(`option '--${given}' is ambiguous; possibilities: ${names}`);
  }
  return first;
}
