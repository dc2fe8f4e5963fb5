/**
 * The files of /proc that ss mode reads. A variable of the environment can name another file for each.
 *
 * @module
 */
import { errnoName, errnoText } from "../../../ffi/errno.ts";
import { AT_FDCWD, tryReadFileAt } from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import { ProcRoot } from "../../proc/root.ts";
import { SS_FILES, type SsEnvironment } from "./plan.ts";
import { latin1Text } from "../../text/encoding.ts";

/** Reads the files of /proc for one run. */
export class SsFiles {
  readonly #environment: SsEnvironment;
  readonly root: ProcRoot;

  constructor(environment: SsEnvironment) {
    this.#environment = environment;
    this.root = new ProcRoot(environment.PROC_ROOT || "/proc");
  }

  /** True when a variable names a file to read instead of asking the kernel. */
  redirected(variable: string): boolean {
    return this.#environment.PROC_ROOT !== undefined || this.#environment[variable] !== undefined;
  }

  /** The bytes of a file, by its variable, or the negated errno. */
  read(variable: string): Uint8Array<ArrayBuffer> | number {
    const path = this.#environment[variable];
    if (path) return tryReadFileAt(AT_FDCWD, cString(path));
    const below = SS_FILES[variable]!;
    return this.root.isLive && below.startsWith("net/")
      ? this.root.readNet(below.slice(4))
      : this.root.read(below);
  }

  /** What to say of a file that cannot be read. */
  failure(variable: string, errno: number): string {
    const path = this.#environment[variable] || `${this.root.path}/${SS_FILES[variable]}`;
    return `${path} cannot be read: ${errnoText(errno)} (${errnoName(errno)})`;
  }

  /** The text of a file, one character a byte; `null` when it cannot be read. */
  text(variable: string): string | null {
    const bytes = this.read(variable);
    return typeof bytes === "number" ? null : latin1Text(bytes);
  }
}
