/**
 * Names of ports and of protocols, from /etc/services and /etc/protocols.
 *
 * The files are read directly, because libc's functions may load plug-ins and ask the network.
 *
 * @module
 */
import { AT_FDCWD, tryReadFileAt } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { utf8Text } from "../text/encoding.ts";

function readText(path: string): string {
  const bytes = tryReadFileAt(AT_FDCWD, cString(path));
  return typeof bytes === "number" ? "" : utf8Text(bytes);
}

/** The words of each line with at least two, without comments. */
function* entries(text: string): Generator<string[]> {
  for (const line of text.split("\n")) {
    const hash = line.indexOf("#");
    const words = (hash < 0 ? line : line.slice(0, hash)).trim().split(/\s+/);
    if (words.length >= 2) yield words;
  }
}

/** Services by port and by name. The file is read on first use. Without the file there are none. */
export class Services {
  readonly #path: string;
  #byPort: Map<string, string> | undefined;
  #byName: Map<string, number> | undefined;

  constructor(path = "/etc/services") {
    this.#path = path;
  }

  // Keys are `22/tcp` and `ssh/tcp`; `22/` and `ssh/` stand for any protocol. The first line wins.
  #load(): void {
    this.#byPort = new Map();
    this.#byName = new Map();
    for (const [name, number, ...aliases] of entries(readText(this.#path))) {
      const match = /^(\d{1,5})\/(\w+)$/.exec(number!);
      if (match === null) continue;
      const port = Number(match[1]);
      for (const protocol of [match[2]!, ""]) {
        setFirst(this.#byPort, `${port}/${protocol}`, name!);
        for (const known of [name!, ...aliases]) {
          setFirst(this.#byName, `${known}/${protocol}`, port);
        }
      }
    }
  }

  /**
   * Name of a port for a protocol such as `tcp`, or for any protocol if that is `null`. `null` if the port has no name.
   *
   * ```ts
   * new Services().name(22, "tcp"); // "ssh"
   * ```
   */
  name(port: number, protocol: string | null): string | null {
    if (this.#byPort === undefined) this.#load();
    return this.#byPort!.get(`${port}/${protocol ?? ""}`) ?? null;
  }

  /** Port of a service for a protocol, or for any protocol if that is `null`. `null` if the name is not known. */
  port(name: string, protocol: string | null): number | null {
    if (this.#byName === undefined) this.#load();
    return this.#byName!.get(`${name}/${protocol ?? ""}`) ?? null;
  }
}

/** IP protocols by number. The file is read on first use. */
export class Protocols {
  readonly #path: string;
  #byNumber: Map<number, string> | undefined;

  constructor(path = "/etc/protocols") {
    this.#path = path;
  }

  /** Name of a protocol; `null` if it has none. */
  name(number: number): string | null {
    if (this.#byNumber === undefined) {
      this.#byNumber = new Map();
      for (const [name, value] of entries(readText(this.#path))) {
        if (/^\d{1,3}$/.test(value!)) setFirst(this.#byNumber, Number(value), name!);
      }
    }
    return this.#byNumber.get(number) ?? null;
  }
}

function setFirst<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) map.set(key, value);
}
