/**
 * ProcPath: paths such as `123/fd` and `123/task/124/fd` as C strings, written into one buffer.
 *
 * A walk needs thousands of them. Making a string of each and encoding it would cost as much as the system call.
 *
 * @module
 */
import { allocate } from "../../ffi/memory.ts";

/** A buffer for one path at a time. Making the next path overwrites it. */
export class ProcPath {
  readonly #bytes = allocate(64);
  #length = 0;

  /** `PID/file`, NUL-terminated. `file` is ASCII and at most 16 letters. */
  ofProcess(pid: number, file: string): Uint8Array<ArrayBuffer> {
    this.#length = 0;
    this.#number(pid);
    return this.#end(file);
  }

  /** `PID/task/TID/file`, NUL-terminated. */
  ofThread(pid: number, tid: number, file: string): Uint8Array<ArrayBuffer> {
    this.#length = 0;
    this.#number(pid);
    this.#text("/task/");
    this.#number(tid);
    return this.#end(file);
  }

  #end(file: string): Uint8Array<ArrayBuffer> {
    this.#text("/");
    this.#text(file);
    this.#bytes[this.#length] = 0;
    return this.#bytes;
  }

  #text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  #number(value: number): void {
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      this.#bytes[at] = 0x30 + value % 10;
      value = Math.floor(value / 10);
    }
    this.#length += digits;
  }
}
