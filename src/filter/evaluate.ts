/**
 * Evaluator: makes one function of an expression. To judge a row, that function walks no tree and makes no string.
 *
 * @module
 */
import { swap32 } from "../model/byte_order.ts";
import { isMapped } from "../model/endpoint.ts";
import type { FileIdentity } from "../model/socket.ts";
import type {
  Condition,
  Dialect,
  End,
  Expr,
  HostCondition,
  PortOrderCondition,
  Prefix,
  UnixNameCondition,
} from "./ast.ts";
import { glob } from "./glob.ts";
import { wordMask } from "./prefix.ts";
import { membership, type Ranges } from "./ranges.ts";
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  AF_VSOCK,
  FAMILY_OF_NUMBER,
} from "../model/address_family.ts";
import { sanitize } from "../text/sanitize.ts";
import type { FilterSubject, WordIndex } from "./subject.ts";

/** A filter, ready to be asked. */
export type Predicate = (subject: FilterSubject) => boolean;

/** True when the socket matches. To ask many sockets, use {@linkcode evaluator}. */
export function evaluate(expr: Expr, subject: FilterSubject, dialect: Dialect): boolean {
  return evaluator(expr, dialect)(subject);
}

/**
 * Makes the function that judges sockets. The dialect decides how strictly addresses are compared: ss compares their
 * words even if the families differ, so that `src = 0.0.0.0` matches `::1`.
 */
export function evaluator(expr: Expr, dialect: Dialect): Predicate {
  switch (expr.kind) {
    case "all":
      return conjunction(expr.terms.map((term) => evaluator(term, dialect)));
    case "any":
      return disjunction(expr.terms.map((term) => evaluator(term, dialect)));
    case "not": {
      const term = evaluator(expr.term, dialect);
      return (subject) => !term(subject);
    }
    default:
      return condition(expr, dialect);
  }
}

function conjunction(terms: readonly Predicate[]): Predicate {
  if (terms.length === 2) {
    const [first, second] = terms as [Predicate, Predicate];
    return (subject) => first(subject) && second(subject);
  }
  return (subject) => {
    for (const term of terms) if (!term(subject)) return false;
    return true;
  };
}

function disjunction(terms: readonly Predicate[]): Predicate {
  if (terms.length === 2) {
    const [first, second] = terms as [Predicate, Predicate];
    return (subject) => first(subject) || second(subject);
  }
  return (subject) => {
    for (const term of terms) if (term(subject)) return true;
    return false;
  };
}

function condition(expr: Condition, dialect: Dialect): Predicate {
  switch (expr.kind) {
    case "host":
      return dialect === "ss" ? looseHost(expr) : strictHost(expr);
    case "port_order":
      return portOrder(expr);
    case "unix_name":
      return unixName(expr, dialect);
    case "device": {
      const { index, name } = expr;
      if (index === null) return (subject) => subject.interfaceName === name;
      return (subject) => subject.ifindex === index;
    }
    case "mark":
      return mark(expr.mark, expr.mask, dialect);
    case "cgroup": {
      const { id } = expr;
      return (subject) => subject.cgroupId === id;
    }
    case "autobound":
      return autobound;
    case "pid": {
      const wanted = membership(expr.pids);
      return (subject) => subject.pids.some(wanted);
    }
    case "process": {
      const wanted = anyGlob(expr.patterns);
      const printed = new Set(expr.patterns.filter((pattern) => pattern.includes("\\")));
      return (subject) =>
        subject.processNames.some((name) =>
          wanted(name) || printed.size > 0 && printed.has(sanitize(name))
        );
    }
    case "user": {
      const wanted = new Set(expr.users);
      return (subject) =>
        subject.users.some(({ uid, name }) =>
          name !== null && wanted.has(name) || uid !== null && wanted.has(String(uid))
        );
    }
    case "unit": {
      const wanted = anyGlob(expr.patterns);
      return ({ facts }) =>
        facts?.units.some((unit) => wanted(unit) || wanted(unit.replace(/\.[a-z]+$/, ""))) === true;
    }
    case "container": {
      const wanted = anyGlob(expr.patterns);
      const begins = (id: string) => expr.patterns.some((start) => id.startsWith(start));
      return ({ facts }) =>
        facts?.containers.some(({ id, name }) =>
          begins(id) || wanted(id) || name !== null && wanted(name)
        ) === true;
    }
    case "image": {
      const wanted = anyGlob(expr.patterns);
      return ({ facts }) => facts?.images.some(wanted) === true;
    }
    case "cmdline": {
      const plain = expr.patterns.filter((pattern) => !/[*?[]/.test(pattern));
      const wanted = anyGlob(expr.patterns);
      return ({ facts }) =>
        facts?.commandLines.some((line) =>
          plain.some((part) => line.includes(part)) || wanted(line)
        ) === true;
    }
    case "measure": {
      const { measure } = expr;
      const wanted = membership(expr.values);
      return ({ facts }) => {
        const value = facts?.measure(measure) ?? null;
        return value !== null && wanted(value);
      };
    }
    case "endpoint": {
      const { end, text } = expr;
      return ({ facts }) => facts?.printed(end) === text;
    }
    case "netns": {
      const wanted = anyGlob(expr.patterns);
      return ({ netns }) =>
        netns !== null &&
        (netns.name !== null && wanted(netns.name) || wanted(String(netns.inode)));
    }
    case "inode": {
      const wanted = membership(expr.inodes);
      return ({ inode }) => inode !== null && wanted(inode);
    }
    case "reach": {
      const wanted = new Set(expr.scopes);
      return (subject) => wanted.has(subject.reachScope);
    }
    case "owners": {
      const wanted = membership(expr.counts);
      return (subject) => wanted(subject.ownerCount);
    }
    case "state": {
      const { states } = expr;
      return (subject) => (states >>> subject.stateNumber & 1) !== 0;
    }
    case "family": {
      const wanted = new Set(expr.families);
      return (subject) => {
        const name = FAMILY_OF_NUMBER[subject.family];
        return name !== undefined && wanted.has(name);
      };
    }
    case "transport": {
      const wanted = new Set(expr.transports);
      return (subject) => wanted.has(subject.transport);
    }
  }
}

function anyGlob(patterns: readonly string[]): (text: string) => boolean {
  const globs = patterns.map((pattern) => glob(pattern));
  return (text) => globs.some((matches) => matches(text));
}

/** Reads one end of a socket. Which end is decided once, not for each row. */
interface EndReader {
  port(subject: FilterSubject): number;
  word(subject: FilterSubject, index: WordIndex): number;
  name(subject: FilterSubject): string | null;
  file(subject: FilterSubject): FileIdentity | null;
}

const SOURCE: EndReader = {
  port: (subject) => subject.sourcePort,
  word: (subject, index) => subject.sourceWord(index),
  name: (subject) => subject.sourceName,
  file: (subject) => subject.sourceFile ?? null,
};

const DESTINATION: EndReader = {
  port: (subject) => subject.destinationPort,
  word: (subject, index) => subject.destinationWord(index),
  name: (subject) => subject.destinationName,
  file: (subject) => subject.destinationFile ?? null,
};

function readerOf(end: End): EndReader {
  return end === "source" ? SOURCE : DESTINATION;
}

type PrefixTest = (subject: FilterSubject) => boolean;

/** Compares the words of an address from `first` on; the family is not looked at. */
function wordsTest(prefix: Prefix, reader: EndReader, first: WordIndex): PrefixTest {
  const { words, length } = prefix;
  const tests: PrefixTest[] = [];
  for (let i = 0; i * 32 < length; i++) {
    const mask = wordMask(length - 32 * i);
    const wanted = words[i]! & mask;
    const index = first + i as WordIndex;
    tests.push((subject) => (reader.word(subject, index) & mask) === wanted);
  }
  return tests.length === 1 ? tests[0]! : conjunction(tests);
}

/** True for a mapped IPv4 address: `::ffff:a.b.c.d`. */
function showsMapped(subject: FilterSubject, reader: EndReader): boolean {
  return subject.family === AF_INET6 &&
    isMapped(reader.word(subject, 0), reader.word(subject, 1), reader.word(subject, 2));
}

/** An IPv4 prefix matches mapped addresses too; a mapped prefix matches mapped addresses only. */
function strictPrefix(prefix: Prefix, reader: EndReader): PrefixTest {
  const same = wordsTest(prefix, reader, 0);
  const { family } = prefix;
  if (family !== AF_INET) return (subject) => subject.family === family && same(subject);
  const mapped = wordsTest(prefix, reader, 3);
  return (subject) =>
    subject.family === AF_INET ? same(subject) : showsMapped(subject, reader) && mapped(subject);
}

/**
 * The words as ss has them in memory. A protocol or a CID is in host order there, so that `fiblookup`, which is 10, begins
 * like 10.0.0.0/8.
 */
function inMemory(reader: EndReader): EndReader {
  return {
    ...reader,
    word(subject, index) {
      const word = reader.word(subject, index);
      const { family } = subject;
      return family === AF_NETLINK || family === AF_PACKET || family === AF_VSOCK
        ? swap32(word)
        : word;
    },
  };
}

/** ss first compares the words of the two addresses, whatever their families, and only then checks for mapped ones. */
function loosePrefix(prefix: Prefix, reader: EndReader): PrefixTest {
  const internet = prefix.family === AF_INET || prefix.family === AF_INET6;
  const same = wordsTest(prefix, internet ? inMemory(reader) : reader, 0);
  if (prefix.family !== AF_INET) return same;
  const mapped = wordsTest(prefix, reader, 3);
  return (subject) => same(subject) || showsMapped(subject, reader) && mapped(subject);
}

/** Families whose sockets have ports in the usual sense. */
function hasPorts(family: number): boolean {
  return family === AF_INET || family === AF_INET6 || family === AF_VSOCK;
}

function strictHost({ end, addresses, ports }: HostCondition): Predicate {
  const reader = readerOf(end);
  const address = addresses.length === 0
    ? null
    : disjunction(addresses.map((prefix) => strictPrefix(prefix, reader)));
  if (ports === null) return address ?? (() => true);
  const port = portTest(ports, reader);
  // With an address its family decides, so that `src = netlink:*:kernel` may ask for a port ID.
  if (address !== null) return (subject) => port(subject) && address(subject);
  return (subject) => hasPorts(subject.family) && port(subject);
}

function looseHost({ end, addresses, ports }: HostCondition): Predicate {
  const reader = readerOf(end);
  const port: Predicate = ports === null ? () => true : portTest(ports, reader);
  // If the first address has a length of 0, as `any` has, every address matches.
  if (addresses.length === 0 || addresses[0]!.length === 0) return port;
  const address = disjunction(addresses.map((prefix) => loosePrefix(prefix, reader)));
  return (subject) => port(subject) && address(subject);
}

function portTest(ports: Ranges, reader: EndReader): Predicate {
  const wanted = membership(ports);
  return (subject) => wanted(reader.port(subject));
}

function portOrder({ end, operator, port }: PortOrderCondition): Predicate {
  const reader = readerOf(end);
  if (operator === ">=") return (subject) => reader.port(subject) >= port;
  return (subject) => reader.port(subject) <= port;
}

/** A socket without a name is compared as if its name were empty. Only ss ignores letter case here. */
function unixName({ end, pattern, file }: UnixNameCondition, dialect: Dialect): Predicate {
  const reader = readerOf(end);
  const wanted = glob(pattern, dialect === "ss");
  if (dialect === "ss") {
    return (subject) => subject.family === AF_UNIX && wanted(reader.name(subject) ?? "");
  }
  return (subject) => {
    if (subject.family !== AF_UNIX) return false;
    const bound = file === undefined ? null : reader.file(subject);
    return bound === null
      ? wanted(reader.name(subject) ?? "") || subject.facts?.printed(end) === pattern
      : isSameFile(bound, file!);
  };
}

function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.inode === other.inode && one.major === other.major && one.minor === other.minor;
}

/** ss takes an unknown mark for 0. Here it matches nothing. */
function mark(wanted: number, mask: number, dialect: Dialect): Predicate {
  const unknown = dialect === "ss" ? 0 : null;
  return (subject) => {
    const value = subject.mark ?? unknown;
    return value !== null && (value & mask) === (wanted | 0);
  };
}

/** Names that the kernel chooses for unix sockets: `@` and five hexadecimal digits. */
const AUTOBOUND_NAME = /^@[0-9a-f]{5}$/;

function autobound(subject: FilterSubject): boolean {
  const port = subject.sourcePort;
  switch (subject.family) {
    case AF_UNIX:
      return subject.sourceName === null || AUTOBOUND_NAME.test(subject.sourceName);
    case AF_PACKET:
      return port === 0 && subject.sourceWord(0) === 0;
    case AF_NETLINK:
      return port < 0;
    case AF_VSOCK:
      return port > 1023;
    default: {
      const { first, last } = subject.localPortRange;
      return port >= first && port <= last;
    }
  }
}
