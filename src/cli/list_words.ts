/**
 * ListWords: the arguments of the listing that are not flags: targets, a filter, or a word that is neither.
 *
 * @module
 */
import {
  looksLikeName,
  looksLikeTarget,
  type PortTarget,
  type Target,
} from "../commands/explain/target.ts";
import { lookUpWord } from "../commands/explain/word.ts";
import type { ExplainOptions } from "../commands/explain/mod.ts";
import { fieldNamed, fieldWords } from "../filter/fields.ts";
import type { Transport } from "../model/socket.ts";
import { nearest } from "../text/nearest.ts";
import type { Command } from "./command.ts";
import type { ListOptions } from "./list_options.ts";
import { readTargets } from "./targets.ts";
import { UsageError } from "./usage_error.ts";

/** The targets that words name; `null` for the words of a filter. Throws {@linkcode UsageError}. */
export function targetsOf(
  words: readonly string[],
  commands: readonly Command[],
): readonly Target[] | null {
  const [first] = words as readonly [string];
  if (beginsFilter(first) || !words.every((word) => looksLikeTarget(word) || looksLikeName(word))) {
    return null;
  }
  return words.flatMap((word) =>
    looksLikeTarget(word) ? readTargets(word) : [targetNamed(word, commands)]
  );
}

function beginsFilter(word: string): boolean {
  return fieldNamed(word) !== undefined || word.toLowerCase() === "not";
}

function targetNamed(word: string, commands: readonly Command[]): Target {
  const { target, near } = lookUpWord(word);
  if (target !== null) return target;
  const meant = nearest(word, [...commands.map(({ name }) => name), ...fieldWords()]) ?? near;
  throw new UsageError(
    meant === undefined
      ? `"${word}" is no command, and nothing that can be seen here has this name: ` +
        "no program, unit, container or service; sockeye --help lists the commands"
      : `there is no command "${word}": did you mean ${meant}?`,
  );
}

/** How to explain targets; `null` if flags were given that only a listing has, which then lists what the targets name. */
export function explainOptions(options: ListOptions): ExplainOptions | null {
  const { format, netns, color, verbose } = options;
  const selects = options.all || options.states !== 0 || options.families.length > 0 ||
    options.ports.length > 0 || options.pids.length > 0 || options.processes.length > 0 ||
    options.users.length > 0 || options.filters.length > 0 || options.explainFilter ||
    options.record !== null || options.replay !== null || options.requireComplete ||
    options.full || options.columns !== null || options.sort.length > 0 || options.count ||
    options.groupBy.length > 0 || format !== "text" && format !== "json";
  return selects ? null : { netns, json: format === "json", color, verbose };
}

/** The targets, those on ports with the transports that flags chose. */
export function withTransports(
  targets: readonly Target[],
  transports: readonly Transport[],
): readonly Target[] {
  // -u includes UDP-Lite, which is hardly ever meant.
  const chosen = [...new Set(transports)].filter((transport) => transport !== "udplite");
  if (chosen.length === 0) return targets;
  return targets.flatMap((target): readonly Target[] =>
    target.kind !== "port" || target.transport !== null ? [target] : ofTransports(target, chosen)
  );
}

// Whoever types -tu asks about a port of either, and not two questions.
function ofTransports(target: PortTarget, transports: readonly Transport[]): readonly PortTarget[] {
  return transports.length === 1 ? [{ ...target, transport: transports[0]! }] : [target];
}
