/**
 * getopt_long(3): reads arguments as ss and netstat do, with their abbreviations and error messages.
 *
 * @module
 */

/** An option of ss or netstat. */
export interface GetoptFlag<Options> {
  /** One letter. */
  readonly short?: string;
  /** Long names without their dashes. */
  readonly long?: readonly string[];
  /** Name of the value in help. Without it the option takes no value. */
  readonly value?: string;
  /** True when the value may be left out. */
  readonly optional?: boolean;
  /** True for an option that the original does not have. It is never abbreviated, so abbreviations keep their meaning. */
  readonly extension?: boolean;
  /** What the option does, in lower case and without a period. Without it the option is not in help. */
  readonly help?: string;
  /** Applies the option; `value` is "" when none was given. */
  set(options: Options, value: string): void;
}

/** An error in the arguments. The message is that of libc without the name of the program. */
export class GetoptError extends Error {
  override readonly name = "GetoptError";
}

/**
 * Applies the options in `args` to `options`, in their order, and returns the other arguments. These may stand between
 * options; with `ordered`, as under POSIXLY_CORRECT, the first of them ends the options. Throws {@linkcode GetoptError}, and
 * what the flags throw, at the first faulty argument. The ones before it have been applied by then.
 */
export function getopt<Options>(
  args: readonly string[],
  flags: readonly GetoptFlag<Options>[],
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
  flags: readonly GetoptFlag<Options>[],
): { flag: GetoptFlag<Options>; name: string } {
  const found: { flag: GetoptFlag<Options>; name: string }[] = [];
  for (const flag of flags) {
    for (const name of flag.long ?? []) {
      if (name === given) return { flag, name };
      if (!flag.extension && name.startsWith(given)) found.push({ flag, name });
    }
  }
  const [first] = found;
  if (first === undefined) throw new GetoptError(`unrecognized option '--${given}'`);
  // When an abbreviation fits several names of one flag, it is not ambiguous.
  if (found.some(({ flag }) => flag !== first.flag)) {
    const names = found.map(({ name }) => `'--${name}'`).join(" ");
    throw new GetoptError(`option '--${given}' is ambiguous; possibilities: ${names}`);
  }
  return first;
}
