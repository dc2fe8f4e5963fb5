/**
 * Lines that a child process prints. A pipe gives bytes in pieces of any size: a line may come in two, and two lines in one.
 *
 * @module
 */

/** Reads a stream line by line. */
export class Lines {
  readonly #reader: { read(): Promise<{ value?: Uint8Array | undefined; done: boolean }> };
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next line without its end. Rejects when the stream ends before there is a whole one. */
  async next(): Promise<string> {
    let end: number;
    while ((end = this.#text.indexOf("\n")) === -1) {
      const { value, done } = await this.#reader.read();
      if (done || value === undefined) {
        throw new Error(`The process ended and left only ${JSON.stringify(this.#text)}`);
      }
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }
}

/** The first line of a stream that nobody else reads. What comes after it is lost. */
export function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Lines(stream).next();
}
