/**
 * Reads an lsof command line into a query.
 *
 * @module
 */
import type { LsofLookups, LsofQuery } from "../query.ts";
import { strftime } from "../strftime.ts";
import { DEFAULT_FIELDS, FIELD_HELP } from "../layout/fields.ts";
import { parseCommandPattern } from "./command_pattern.ts";
import { check, type Draft, finish, newDraft, selects } from "./draft.ts";
import { LsofError } from "./error.ts";
import { OptionReader } from "./option_reader.ts";
import { parseInternet } from "./internet.ts";
import { addDescriptors, addNumbers, addStates, addUsers } from "./lists.ts";
import { latin1Text, utf8Bytes } from "../../../text/encoding.ts";

/** Letters that take a value in lsof 4.95 on Linux. */
const VALUED = "ADFKLSTZcdefgimoprsux";

/** Options of lsof that sockeye does not have, and what they are about. */
const OUTSIDE: Readonly<Record<string, string>> = {
  A: "AFS",
  C: "the kernel's name cache",
  D: "the device cache",
  M: "the port mapper",
  N: "NFS files",
  Z: "SELinux contexts",
  e: "exempt file systems",
  k: "kernel name lists",
  m: "kernel memory and mount supplements",
  z: "zones",
};

/** Text with one character for each of its bytes, which is how names are compared with the kernel's. */
function byteText(text: string): string {
  return latin1Text(utf8Bytes(text));
}

/** Parses arguments. Returns a word when they ask for help or the version instead. Throws {@linkcode LsofError}. */
export function parseLsof(
  args: readonly string[],
  lookups: LsofLookups,
): LsofQuery | "help" | "fields" | "version" {
  const draft = newDraft();
  // Options that lsof has not: each is a word of its own.
  const known = args.filter((arg) => arg !== "--all-netns" && arg !== "--trace");
  draft.allNamespaces = args.includes("--all-netns");
  const options = new OptionReader(known, VALUED);
  let answer: "help" | "fields" | "version" | null = null;
  for (let letter = options.next(); letter !== null; letter = options.next()) {
    const word = option(letter, options, draft, lookups);
    answer ??= word;
  }
  check(draft);
  if (answer !== null) return answer;
  const names = options.rest.map(byteText);
  const query = finish(draft, names);
  if (draft.and && !selects(query)) throw new LsofError("no select options to AND via -a");
  if (draft.skipInternet && (draft.internet !== null || draft.internetItems.length > 0)) {
    throw new LsofError("-i is useless when -X is specified.");
  }
  return query;
}

function option(
  letter: string,
  options: OptionReader,
  draft: Draft,
  lookups: LsofLookups,
): "help" | "fields" | "version" | null {
  const plus = options.prefix === "+";
  switch (letter) {
    case "a":
      draft.and = true;
      break;
    case "b":
      draft.avoidsBlocking = true;
      break;
    case "c":
      parseCommand(options, draft);
      break;
    case "d":
      if (plus) addDirectory(options.value, false, draft);
      else draft.descriptors = addDescriptors(draft.descriptors, options.value);
      break;
    case "D":
      if (!plus) throw outside(letter, "-");
      addDirectory(options.value, true, draft);
      break;
    case "E":
      draft.endpoints = plus ? "list" : "show";
      break;
    case "f":
      parseFlags(options, draft);
      break;
    case "F":
      return parseFields(options, draft);
    case "g":
      draft.group = true;
      if (!options.withoutValue()) addNumbers(draft.groups, options.value, "process group");
      break;
    case "h":
    case "?":
      return "help";
    case "i":
      if (options.withoutValue()) draft.internet = 0;
      else addInternet(options.value!, draft, lookups);
      break;
    case "K":
      if (options.withoutValue()) draft.tasks = "list";
      else if (options.value!.toLowerCase() === "i") draft.tasks = "ignore";
      else throw new LsofError(`-K not followed by i (but by ${options.value})`);
      break;
    case "l":
      draft.numericUsers = true;
      break;
    case "L":
      parseLinks(options, draft);
      break;
    case "M":
      // -M turns the port mapper off, and sockeye never asks it.
      if (plus) throw outside(letter, "+");
      break;
    case "n":
      draft.numericHosts = !plus;
      break;
    case "o":
      parseOffset(options, draft);
      break;
    case "O":
      // Decides whether lsof makes system calls in a child process, which does not change the output.
      break;
    case "p":
      addNumbers(draft.pids, options.value, "process");
      break;
    case "P":
      draft.numericPorts = !plus;
      break;
    case "Q":
      draft.quiet = true;
      break;
    case "r":
      parseRepetition(options, draft);
      break;
    case "R":
      draft.parent = true;
      break;
    case "s":
      if (options.withoutValue()) draft.size = true;
      else addStates(draft.states, options.value!);
      break;
    case "S":
      // A time limit for system calls that lsof makes in a child process. sockeye has no such process.
      if (!options.withoutValue()) takeNumber(options);
      break;
    case "t":
      draft.terse = true;
      draft.warnings = false;
      break;
    case "T":
      parseStateParts(options, draft);
      break;
    case "u":
      addUsers(draft.users, options.value, lookups);
      break;
    case "U":
      draft.unix = true;
      break;
    case "v":
      return "version";
    case "V":
      draft.verbose = true;
      break;
    case "w":
      draft.warnings = plus;
      break;
    case "x":
      parseCross(options, draft);
      break;
    case "X":
      draft.skipInternet = !draft.skipInternet;
      break;
    case ":":
      throw new LsofError("colon is an illegal option character.");
    default:
      throw letter in OUTSIDE
        ? outside(letter, options.prefix)
        : new LsofError(`illegal option character: ${letter}`);
  }
  return null;
}

function outside(letter: string, prefix: string): LsofError {
  return new LsofError(
    `${prefix}${letter} is not supported: ${OUTSIDE[letter]} is outside of what sockeye shows`,
  );
}

/** The kernel keeps this many characters of a command: TASK_COMM_LEN - 1. */
const COMMAND_LIMIT = 15;

function parseCommand(options: OptionReader, draft: Draft): void {
  const { value, prefix } = options;
  if (prefix === "+") {
    if (value === null || !/^\d/.test(value)) {
      throw new LsofError("+c not followed by width number");
    }
    draft.commandWidth = parseInt(value, 10);
    if (draft.commandWidth > COMMAND_LIMIT) {
      throw new LsofError(
        `+c ${draft.commandWidth} > what system provides (${COMMAND_LIMIT})`,
      );
    }
    return;
  }
  if (value === null || /^[-+]/.test(value)) throw new LsofError("missing -c option value");
  if (value.startsWith("/")) {
    draft.commandPatterns.push(parseCommandPattern(byteText(value)));
    return;
  }
  const exclude = value.startsWith("^");
  if (value.length - Number(exclude) > COMMAND_LIMIT) {
    throw new LsofError(`"-c ${value}" length > what system provides (${COMMAND_LIMIT})`);
  }
  draft.commands.push({ prefix: byteText(exclude ? value.slice(1) : value), exclude });
}

function addDirectory(value: string | null, descend: boolean, draft: Draft): void {
  if (value === null || value === "" || /^[-+]/.test(value)) {
    throw new LsofError("+d not followed by a directory path");
  }
  draft.directories.push({ path: byteText(value), descend });
}

function addInternet(value: string, draft: Draft, lookups: LsofLookups): void {
  const inherited = draft.internet === 4 || draft.internet === 6 ? draft.internet : null;
  const parsed = parseInternet(value, inherited, lookups);
  if (parsed.kind === "items") {
    draft.internetItems.push(...parsed.items);
    if (draft.internetItems.length > 100) {
      throw new LsofError(`network address limit (100) exceeded: -i ${value}`);
    }
  } else if (draft.internet === null || draft.internet === 0) {
    draft.internet = parsed.version;
  } else if (draft.internet !== parsed.version) draft.internet = 0;
}

function parseFlags(options: OptionReader, draft: Draft): void {
  const on = options.prefix === "+";
  if (options.withoutValue()) {
    draft.nameKind = on ? "filesystem" : "file";
    return;
  }
  for (const letter of options.value!) {
    if (letter !== "g" && letter !== "G") {
      throw new LsofError(`unknown file struct option: ${letter}`);
    }
    draft.flags = !on ? "none" : letter === "G" ? "hex" : "names";
  }
}

function parseFields(options: OptionReader, draft: Draft): "fields" | null {
  const all = options.withoutValue() || options.value === "0";
  if (options.value === "?") return "fields";
  const letters = all ? DEFAULT_FIELDS : options.value!;
  draft.fields ??= new Set();
  if (options.value?.includes("0")) draft.terminator = "\0";
  for (const letter of letters) {
    if (!FIELD_HELP.some(([known]) => known === letter)) {
      throw new LsofError(`unknown field: ${letter}`);
    }
    draft.fields.add(letter);
    // Asking for a field also turns on the option that would show it in the table.
    if (letter === "g") draft.group = true;
    else if (letter === "R") draft.parent = true;
    else if (letter === "k") draft.linkCount = true;
    else if (letter === "G") draft.flags = "hex";
    // "o" alone asks for offsets always. In the list of all fields it means size or offset, as fits the file.
    else if (letter === "o" && !all) draft.offset = true;
    else if (letter === "T") draft.anyState = draft.state = draft.queues = true;
  }
  return null;
}

/** The digits at the start of the value, as a number. What follows them is given back and read as options. */
function takeNumber(options: OptionReader): number | null {
  const digits = /^\d*/.exec(options.value!)![0];
  if (digits.length < options.value!.length) options.giveBack(digits.length);
  return digits === "" ? null : Number(digits);
}

function parseLinks(options: OptionReader, draft: Draft): void {
  draft.linkCount = options.prefix === "+";
  if (options.withoutValue()) return;
  const number = takeNumber(options);
  if (number === null) return;
  if (options.prefix !== "+") throw new LsofError("no number may follow -L");
  draft.linksBelow = number;
}

function parseOffset(options: OptionReader, draft: Draft): void {
  const digits = options.withoutValue() ? null : takeNumber(options);
  if (digits === null) draft.offset = true;
  else draft.offsetDigits = digits;
}

const DEFAULT_SECONDS = 15;

function parseRepetition(options: OptionReader, draft: Draft): void {
  const whileFound = options.prefix === "+";
  if (options.withoutValue()) {
    draft.repetition = { seconds: DEFAULT_SECONDS, count: null, marker: null, whileFound };
    return;
  }
  const match = /^(\d*)(?:c(\d+))? *(?:m(.*))?/s.exec(options.value!)!;
  const [used, seconds, count, marker] = match;
  if (marker !== undefined && (marker === "" || strftime(marker, new Date()) === null)) {
    throw new LsofError(`illegal <fmt>: "${marker}"`);
  }
  draft.repetition = {
    seconds: seconds === "" ? DEFAULT_SECONDS : Number(seconds),
    count: count === undefined ? null : Number(count),
    marker: marker ?? null,
    whileFound,
  };
  if (used!.trimEnd().length < options.value!.length) options.giveBack(used!.trimEnd().length);
}

function parseStateParts(options: OptionReader, draft: Draft): void {
  draft.queues = false;
  if (options.withoutValue()) {
    draft.state = draft.anyState = options.prefix === "+";
    return;
  }
  draft.state = false;
  draft.anyState = true;
  for (const letter of options.value!) {
    if (letter === "s") draft.state = true;
    else if (letter === "q") draft.queues = true;
    // f is for socket options, which lsof does not show on Linux either.
    else if (letter !== "f") {
      throw new LsofError(`unsupported TCP/TPI info selection: ${letter}`);
    }
  }
}

function parseCross(options: OptionReader, draft: Draft): void {
  const letters = options.withoutValue() ? "fl" : options.value!;
  for (const letter of letters) {
    if (letter === "f") draft.crossMounts = true;
    else if (letter === "l") draft.crossLinks = true;
    else throw new LsofError(`unknown cross-over option: ${letter}`);
  }
}
