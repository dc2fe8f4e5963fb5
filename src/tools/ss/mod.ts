/**
 * `sockeye ss`: the command line of ss.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { tryReadAll } from "../../../ffi/files.ts";
import { gainedPrivileges } from "../../../ffi/process.ts";
import { SsFiles } from "./files.ts";
import { runSs } from "./run.ts";
import type { SsEnvironment, SsPlan } from "./plan.ts";
import { TABLE } from "./selection.ts";
import type { Writer } from "../../text/writer.ts";
import { readArguments, type SsArguments, Stop } from "./arguments.ts";
import type { Selection } from "./selection.ts";
import { utf8Text } from "../../text/encoding.ts";

/** The release of iproute2 that this mode behaves like. */
const VERSION = "ss utility, iproute2-7.1.0\n";

/** Runs ss mode. Returns the exit status that ss has. Throws what the writers throw. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  try {
    return await start(args, out, err);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.status === 0) out.write(error.usage ? await helpText() : error.text);
    else {
      err.write(`ss: ${error.text}\n`);
      if (error.usage) err.write(await helpText());
    }
    out.flush();
    err.flush();
    return error.status;
  }
}

async function helpText(): Promise<string> {
  const { ssHelp } = await import("./help.ts");
  return ssHelp();
}

async function start(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const environment: SsEnvironment = gainedPrivileges() ? {} : process.env;
  const given = readArguments(args, environment.POSIXLY_CORRECT !== undefined, VERSION);
  const { selection } = given;
  if (given.trace) (await import("../../trace/mod.ts")).startTrace(err);
  await prepare(given);
  if (given.summary) {
    const { writeSummary } = await import("./summary.ts");
    const files = new SsFiles(environment);
    writeSummary(files, out, err);
    if (selection.default && given.operands.length === 0) {
      out.flush();
      err.flush();
      return 0;
    }
  }
  const plan = await makePlan(given, environment, out);
  if (typeof plan === "string") {
    out.flush();
    if (plan !== "") err.write(`ss: ${plan}\n`);
    err.flush();
    return 0;
  }
  return await runSs(plan, out, err);
}

/** Does what `-Z` and `-N` need before anything is read. Throws {@linkcode Stop}. */
async function prepare(given: SsArguments): Promise<void> {
  if (given.options.context) {
    const { selinuxEnabled } = await import("./names/security.ts");
    if (!selinuxEnabled()) throw new Stop(1, "SELinux is not enabled");
  }
  if (given.netns === null) return;
  const { enterNamed } = await import("./netns.ts");
  try {
    enterNamed(given.netns);
  } catch (error) {
    if (error instanceof SyscallError) throw new Stop(1, error.message);
    throw error;
  }
}

/** Makes the plan. Returns a message instead when there is nothing to show, and an empty one when the work is done. */
async function makePlan(
  given: SsArguments,
  environment: SsEnvironment,
  out: Writer,
): Promise<SsPlan | string> {
  const { selection } = given;
  // ss opens the file while it reads its options, so one that cannot be read is told before anything else.
  const fileText = given.filterFile === null ? null : await readFilterFile(given.filterFile);
  let operands: readonly string[] = given.operands;
  if (operands.length > 0) {
    const { takeStateClauses } = await import("./filter/states.ts");
    const { states, rest } = await stopAtFault(() => takeStateClauses(operands));
    if (states !== null) selection.wantedStates = states;
    operands = rest;
  }
  selection.complete();
  if (selection.tables === 0) return "no tables to show with such a filter";
  if (selection.empty) return "no families to show with such a filter";
  if (selection.states === 0) return "no states to show with such a filter";
  if (given.diagFile !== null) {
    if ((selection.tables & TABLE.tcp) === 0) return "-D writes TCP, which is not among the tables";
    const { dumpTcp } = await import("./write_dump.ts");
    try {
      dumpTcp(given.diagFile, selection, given.options, out);
    } catch (error) {
      if (error instanceof SyscallError) throw new Stop(255, `-D: ${error.message}`);
      throw error;
    }
    return "";
  }
  if (fileText !== null) {
    const { filterFileArguments } = await import("./filter/lexer.ts");
    operands = [...operands, ...filterFileArguments(fileText)];
  }
  const filter = operands.length === 0 ? null : await readFilter(operands, selection);
  return {
    options: given.options,
    selection,
    filter,
    header: given.header,
    queues: given.queues,
    events: given.events,
    kill: given.kill,
    environment,
  };
}

async function readFilter(
  operands: readonly string[],
  selection: Selection,
): Promise<SsPlan["filter"]> {
  const { parseSsFilter } = await import("./filter/parser.ts");
  const { hostResolver } = await import("../../snapshot/host_resolver.ts");
  const tables: string[] = [];
  if ((selection.tables & TABLE.udp) !== 0) tables.push("udp");
  if ((selection.tables & TABLE.tcp) !== 0) tables.push("tcp");
  const { expr, families } = await stopAtFault(() =>
    parseSsFilter(operands, {
      resolver: hostResolver(),
      preferredFamily: selection.preferredFamily,
      tables,
    })
  );
  const last = families.at(-1);
  if (last !== undefined) selection.onlyFamily(last);
  return expr;
}

/** Runs `work`, and turns an error in a filter into a {@linkcode Stop}. */
async function stopAtFault<T>(work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    const { FilterSyntaxError, formatFilterError } = await import("../../filter/errors.ts");
    if (!(error instanceof FilterSyntaxError)) throw error;
    throw new Stop(error.ssExitStatus, formatFilterError(error), error.ssExitStatus === 255);
  }
}

const STANDARD_INPUT = 0;

/** A longer filter is none that a person or a program would write. */
const MAX_FILTER_BYTES = 16 * 1024 * 1024;

/** The text of the filter file. As in ss, any name that starts with a dash is standard input. */
async function readFilterFile(name: string): Promise<string> {
  if (name.startsWith("-")) {
    const bytes = tryReadAll(STANDARD_INPUT, MAX_FILTER_BYTES + 1);
    if (typeof bytes === "number") {
      throw new Stop(255, `-F: ${new SyscallError("read standard input", -bytes).message}`);
    }
    if (bytes.length <= MAX_FILTER_BYTES) return utf8Text(bytes);
    throw new Stop(255, `-F: standard input is larger than ${MAX_FILTER_BYTES} bytes`);
  }
  const { readGiven } = await import("../../files/given_file.ts");
  const bytes = readGiven(name, MAX_FILTER_BYTES);
  if (bytes instanceof Uint8Array) return utf8Text(bytes);
  const { refusedText } = await import("./read_dump.ts");
  throw new Stop(255, `-F: ${refusedText(name, bytes)}`);
}
