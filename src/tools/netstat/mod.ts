/**
 * `sockeye netstat`: the command line of netstat.
 *
 * @module
 */
import type { Writer } from "../../text/writer.ts";
import { readArguments } from "./arguments.ts";
import { netstatEnvironment } from "./environment.ts";
import { NetstatStop } from "./flags.ts";
import type { NetstatQuery, StatisticsQuery } from "./query.ts";
import { listSockets } from "./run.ts";
import { printStatistics } from "./statistics/mod.ts";

/**
 * Runs netstat. Returns its exit status: 0, 1 for what is not supported, 3 for wrong usage, 255 for a table that cannot be
 * read. Throws what the writers throw.
 */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  let query: NetstatQuery | StatisticsQuery;
  try {
    query = readArguments(args);
  } catch (error) {
    if (!(error instanceof NetstatStop)) throw error;
    const writer = error.output ? out : err;
    writer.write(error.text);
    if (error.usage) writer.write((await import("./help.ts")).usage());
    writer.flush();
    return error.status;
  }
  if (query.kind !== "statistics" && query.trace) {
    (await import("../../trace/mod.ts")).startTrace(err);
  }
  const environment = netstatEnvironment(process.env);
  return query.kind === "statistics"
    ? printStatistics(query, environment, out, err)
    : await listSockets(query, environment, out, err);
}
