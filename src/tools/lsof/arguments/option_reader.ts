/**
 * OptionReader: reads options as lsof does, with `-` or `+` before a group of letters, and values that may be missing.
 *
 * @module
 */

/** Reads one command line, letter by letter. */
export class OptionReader {
  readonly #args: readonly string[];
  /** Letters that take a value. */
  readonly #valued: string;
  /** The next argument. */
  #index = 0;
  /** The next letter in it; 0 before its prefix. */
  #at = 0;
  /** Where the last value began. */
  #back: readonly [index: number, at: number] = [0, 0];
  /** What the last letter stood behind. */
  prefix: "-" | "+" = "-";
  /** The value of the last letter, or what may be the next option; `null` when nothing follows. */
  value: string | null = null;

  constructor(args: readonly string[], valued: string) {
    this.#args = args;
    this.#valued = valued;
  }

  /** The next letter; `null` when only names are left. */
  next(): string | null {
    const arg = this.#args[this.#index];
    if (this.#at === 0) {
      if (arg === undefined || !/^[-+]./s.test(arg)) return null;
      if (arg === "--" || arg === "++") {
        this.#index++;
        return null;
      }
      this.prefix = arg[0] as "-" | "+";
      this.#at = 1;
    }
    const letter = arg![this.#at]!;
    this.value = null;
    if (this.#valued.includes(letter)) this.#takeValue(arg!);
    else if (++this.#at === arg!.length) this.#advance();
    return letter;
  }

  #advance(): void {
    this.#index++;
    this.#at = 0;
  }

  /** Takes the rest of the argument as the value, or else the next argument unless that is `--`. */
  #takeValue(arg: string): void {
    if (this.#at + 1 < arg.length) {
      this.#back = [this.#index, this.#at + 1];
      this.value = arg.slice(this.#at + 1);
      this.#advance();
      return;
    }
    this.#advance();
    const following = this.#args[this.#index];
    if (following === undefined || following === "--") return;
    this.#back = [this.#index, 0];
    this.value = following;
    this.#index++;
  }

  /** True when there is no value. What looks like an option is none, and is given back. */
  withoutValue(): boolean {
    if (this.value === null) return true;
    if (!/^[-+]/.test(this.value)) return false;
    this.giveBack(0);
    return true;
  }

  /** Gives back the value except its first `used` characters. The rest is read as options. */
  giveBack(used: number): void {
    const [index, at] = this.#back;
    this.#index = index;
    this.#at = at + used;
    this.value = null;
  }

  /** The arguments that are left, which are names of files. */
  get rest(): readonly string[] {
    return this.#args.slice(this.#index);
  }
}
