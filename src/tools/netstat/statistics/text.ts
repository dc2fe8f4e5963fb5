/**
 * The counters of `netstat -s` as sentences.
 *
 * @module
 */
import type { CounterSection } from "../../../proc/snmp.ts";
import { type CounterWords, SECTIONS } from "./counters.ts";

/** Which protocols are wanted. */
interface StatisticsSelection {
  readonly raw: boolean;
  readonly tcp: boolean;
  readonly udp: boolean;
  readonly sctp: boolean;
}

const HEADINGS = { in: "ICMP input histogram:", out: "ICMP output histogram:" };

/**
 * Writes sections as text. One object serves all files of a run, because a section that netstat does not know keeps the
 * indentation of what came before it.
 */
export class StatisticsText {
  readonly #selection: StatisticsSelection;
  /** The histogram of ICMP messages that the last line belonged to. Its lines are indented further. */
  #histogram: "in" | "out" | null = null;

  constructor(selection: StatisticsSelection) {
    this.#selection = selection;
  }

  /** The text of some sections. With `only` it is that of the sections with this title. */
  sections(sections: readonly CounterSection[], only: string | null = null): string {
    let text = "";
    for (const section of sections) {
      if (only !== null && section.title !== only) continue;
      const known = SECTIONS[section.title];
      if (known !== undefined) {
        this.#histogram = null;
        if (!this.#selection[known.protocol]) continue;
      }
      text += `${section.title}:\n`;
      for (const { name, value } of section.counters) {
        text += this.#counter(name, BigInt.asUintN(64, value), known?.counters[name]);
      }
    }
    return text;
  }

  #counter(name: string, value: bigint, words: CounterWords | undefined): string {
    if (words === undefined) return value === 0n ? "" : `${this.#indent()}${name}: ${value}\n`;
    const [kind, sentence] = words;
    switch (kind) {
      case "hidden":
        return "";
      case "in":
      case "out": {
        let text = "";
        if (this.#histogram !== kind) {
          // The heading is indented like the line before it.
          text = `${this.#indent()}${HEADINGS[kind]}\n`;
          this.#histogram = kind;
        }
        return value === 0n
          ? text
          : `${text}${this.#indent()}${sentence.replace("#", `${value}`)}\n`;
      }
      default:
        this.#histogram = null;
        if (kind === "nonzero" && value === 0n) return "";
        return `${this.#indent()}${sentence.replace("#", `${value}`)}\n`;
    }
  }

  #indent(): string {
    return this.#histogram === null ? "    " : "        ";
  }
}
