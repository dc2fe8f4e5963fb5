/**
 * Runs programs so that two runs differ in nothing but the program: see runner.py.
 *
 * @module
 */

/** One run. */
export interface Task {
  readonly file: string;
  /** With the name that the program is called by. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `null` for root. */
  readonly user: number | null;
  /** Width of the terminal; `null` for a pipe. */
  readonly columns: number | null;
  readonly stdin: string | null;
}

/** What one run left; text has one character for each byte. */
export interface Ran {
  readonly pid: number;
  /** Or `signal N`, or `too long`. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Process ID that every run is given, far above those of the scene. */
const PID = 20_000;

const SCRIPT = new URL("./runner.py", import.meta.url).pathname;

/** A process that starts the others. */
export class Runner implements AsyncDisposable {
  readonly #child = Bun.spawn(["python3", SCRIPT], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  readonly #reader = this.#child.stdout.getReader();
  readonly #decoder = new TextDecoder();
  #text = "";

  /** Runs one program to its end. @throws {Error} If the process that runs them has ended. */
  async run(task: Task): Promise<Ran> {
    this.#child.stdin.write(`${JSON.stringify({ ...task, pid: PID })}\n`);
    this.#child.stdin.flush();
    const parts: string[] = [this.#text];
    while (true) {
      const part = parts.at(-1)!;
      const end = part.indexOf("\n");
      if (end !== -1) {
        this.#text = part.slice(end + 1);
        parts[parts.length - 1] = part.slice(0, end);
        return JSON.parse(parts.join(""));
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error("The process that runs programs has ended");
      parts.push(this.#decoder.decode(value, { stream: true }));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#child.exited;
  }
}
