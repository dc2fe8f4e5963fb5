/**
 * `sockeye watch`: what happens to sockets, and who did it.
 *
 * @module
 */
import { POLLIN, PollSet } from "../../ffi/poll.ts";
import { terminalWidth } from "../../ffi/terminal.ts";
import { Diagnostics } from "../diagnostics.ts";
import { Clock } from "../events/clock.ts";
import { EventFilter } from "../events/event_filter.ts";
import { Interrupts } from "../events/interrupts.ts";
import { mayBe } from "../events/kernel/condition.ts";
import { openSource } from "../events/ladder.ts";
import { PatientOutput, turn } from "../events/patient_output.ts";
import { existingEvent } from "../events/socket_event.ts";
import type { EventSource } from "../events/source.ts";
import { Summary } from "../events/summary.ts";
import { tcpCounters } from "../events/tcp_counters.ts";
import { all, type Expr } from "../filter/ast.ts";
import type { Rung, SocketEvent, WatchEvent, WatchSource } from "../model/event.ts";
import type { Socket, Transport } from "../model/socket.ts";
import { ALL_STATES } from "../model/state.ts";
import { readHost } from "../proc/host.ts";
import { currentNetns } from "../proc/ns.ts";
import { ProcRoot } from "../proc/root.ts";
import { takeNetnsSnapshot } from "../snapshot/netns_snapshot.ts";
import { type ColorChoice, useColor } from "../text/color.ts";
import { BrokenPipe, type Writer } from "../text/writer.ts";
import { eventLine, headerLine, summaryRecord } from "../views/events/json.ts";
import { summaryLine, summaryTable } from "../views/events/summary.ts";
import { EventText } from "../views/events/text.ts";

/** What is wanted. */
interface WatchOptions {
  readonly filter: Expr | null;
  readonly json: boolean;
  /** Only this network namespace. */
  readonly ownNetns: boolean;
  /** Only services that come and go. */
  readonly listen: boolean;
  /** Also what is there at the start. */
  readonly existing: boolean;
  /** Who moved how much, at the end; and no line an event. */
  readonly summary: boolean;
  /** Ends after so many milliseconds; `null`: never. */
  readonly forMs: number | null;
  /** Ends after so many events; `null`: never. */
  readonly count: number | null;
  /** The highest rung to try. */
  readonly from: Rung;
  readonly color: ColorChoice;
  readonly header: boolean;
  readonly verbose: boolean;
}

/** After a batch so long is waited for the next, so that a busy host does not wake us for each record. */
const BATCH_MS = 5;

/** Watches until there is an end. Returns false if something could not be told. Throws what opening and writing throw. */
export async function watch(options: WatchOptions, out: Writer, err: Writer): Promise<boolean> {
  const root = new ProcRoot();
  const filter = options.ownNetns ? within(options.filter, currentNetns(root)) : options.filter;
  using interrupts = new Interrupts();
  // The source is open before anything is looked at, so that nothing falls between the two.
  using source = openSource(filter, root, options.from);
  tellSource(source.source, options.verbose, err);
  const startedMs = performance.now();
  const run = new Run({ ...options, filter }, source, root, out, startedMs);
  const isOver = () =>
    interrupts.came || run.isDone ||
    options.forMs !== null && performance.now() - startedMs >= options.forMs;
  try {
    run.begin();
    await run.output.flush(isOver);
    const poll = new PollSet([
      [1, 0],
      ...(source.fd === null ? [] : [[source.fd, POLLIN] as const]),
    ]);
    let busy = false;
    while (!isOver()) {
      const left = options.forMs === null
        ? Infinity
        : options.forMs - (performance.now() - startedMs);
      if (busy) pauseFor(BATCH_MS);
      poll.wait(Math.max(0, Math.min(source.pauseMs, Math.ceil(left))));
      if (poll.isGone(0)) throw new BrokenPipe();
      await turn();
      busy = run.pickUp();
      await run.output.flush(isOver);
    }
    run.end();
    await run.output.flush(() => true);
  } catch (error) {
    // Whoever reads the events has seen enough.
    if (!(error instanceof BrokenPipe)) throw error;
    return run.summary.lost === 0;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  err.write(`sockeye: ${summaryLine(run.summary.counts, run.summary.lost, seconds)}\n`);
  err.flush();
  return run.summary.lost === 0;
}

// Where /proc does not tell which namespace is ours, nothing can be left out.
function within(filter: Expr | null, netns: number | null): Expr | null {
  if (netns === null) return filter;
  const own: Expr = { kind: "netns", patterns: [String(netns)] };
  return filter === null ? own : all([filter, own]);
}

/** Waits without doing anything, also for signals. */
function pauseFor(ms: number): void {
  new PollSet([]).wait(ms);
}

/** Says how events are learned here, if that is not the best way, or when asked. */
function tellSource(source: WatchSource, verbose: boolean, err: Writer): void {
  const { rung, sources, unseen, reasons } = source;
  if (rung !== "all" || verbose) {
    err.write(
      `sockeye: events come from ${sources.join(" and ")}; not seen: ${unseen.join("; ")}\n`,
    );
  }
  if (verbose) { for (const reason of reasons) err.write(`sockeye: ${reason}\n`); }
  else if (rung !== "all" && reasons.length > 0) err.write(`sockeye: ${reasons[0]}\n`);
  err.flush();
}

/** One watch: from its source to its output. */
class Run {
  readonly #options: WatchOptions;
  readonly #source: EventSource;
  readonly #root: ProcRoot;
  readonly #filter: EventFilter;
  readonly #text: EventText | null;
  readonly #color: boolean;
  readonly summary = new Summary();
  readonly output: PatientOutput;
  readonly #clock = new Clock();
  readonly #startedMs: number;
  #told = 0;

  constructor(
    options: WatchOptions,
    source: EventSource,
    root: ProcRoot,
    out: Writer,
    startedMs: number,
  ) {
    this.#startedMs = startedMs;
    this.#options = options;
    this.#source = source;
    this.#root = root;
    this.#filter = new EventFilter(options.filter);
    this.#color = useColor(options.color, terminalWidth(1) !== null, process.env);
    this.#text = options.json ? null : new EventText(this.#color, currentNetns(root));
    this.output = new PatientOutput(out, 1);
  }

  /** True when as many events were told as were wanted. */
  get isDone(): boolean {
    const { count } = this.#options;
    return count !== null && this.#told >= count;
  }

  begin(): void {
    const { json, header, existing, summary } = this.#options;
    const { source } = this.#source;
    const nowNs = this.#clock.wall(this.#clock.now());
    if (json) this.output.write(headerLine(readHost(this.#root), nowNs, source));
    else if (header && !summary) this.output.write(this.#text!.header());
    let sockets: readonly Socket[] | undefined;
    const find = () => sockets ??= this.#sockets(summary);
    this.#source.begin(find);
    if (summary) this.#begun(find(), nowNs);
    if (!existing) return;
    for (const socket of find()) {
      const event = existingEvent(socket, nowNs);
      if (event !== null) this.#take(event);
    }
  }

  pickUp(): boolean {
    return this.#source.pickUp((event) => this.#take(event));
  }

  end(): void {
    this.#source.end((event) => this.#take(event));
    if (!this.#options.summary) return;
    const { open, counts, lost } = this.summary;
    if (open.size > 0) {
      for (const socket of this.#sockets(true)) {
        if (socket.cookie === null || !open.has(socket.cookie)) continue;
        const counters = tcpCounters(socket);
        if (counters !== null) this.summary.stillOpen(socket.cookie, counters);
      }
    }
    const exchanges = this.summary.list();
    if (!this.#options.json) return this.output.write(summaryTable(exchanges, this.#color));
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const nowNs = this.#clock.wall(this.#clock.now());
    this.output.write(summaryRecord(nowNs, { counts, lost, seconds, exchanges }));
  }

  #sockets(info: boolean): readonly Socket[] {
    return existingSockets(this.#options.filter, this.#options.ownNetns, info);
  }

  // What connections have moved before the watch is not told as what they moved during it.
  #begun(sockets: readonly Socket[], nowNs: bigint): void {
    const service = ({ netns, local }: Socket) =>
      "port" in local ? `${netns?.inode} ${local.port}` : "";
    const services = new Set(sockets.filter(({ state }) => state === "listen").map(service));
    for (const socket of sockets) {
      const counters = tcpCounters(socket);
      if (socket.peer === null || counters === null) continue;
      const event = existingEvent(socket, nowNs);
      if (event === null || !this.#filter.accepts(event)) continue;
      this.summary.existing(event, counters, services.has(service(socket)));
    }
  }

  #take(event: WatchEvent): void {
    if (event.event === "lost") return this.#tell(event);
    if (this.#options.listen && !isAboutService(event)) return;
    if (!this.#filter.accepts(event)) return;
    // Whatever the last one wanted was said; the rest of the batch is dropped.
    if (this.isDone) return;
    const exec = this.#source.execBefore(event);
    if (exec !== null) this.#tell(exec);
    this.#tell(event);
    if (!event.existing) this.#told++;
  }

  #tell(event: WatchEvent): void {
    this.summary.add(event);
    if (this.#options.summary && !(this.#options.json && event.event === "lost")) return;
    this.output.write(this.#text === null ? eventLine(event) : this.#text.line(event));
  }
}

/** True for a service that begins or ends. */
function isAboutService(event: SocketEvent): boolean {
  if (!event.service) return false;
  return event.event === "listen" || event.event === "close" ||
    event.event === "bind" && event.type !== "stream" && event.type !== "seqpacket";
}

/** Transports that are looked at together, by what a filter may exclude. */
const TRANSPORTS = {
  tcp: ["tcp", "mptcp", "sctp", "dccp"],
  udp: ["udp", "udplite"],
  raw: ["raw", "icmp"],
} as const;

/**
 * The sockets that are there, where we look. All that the filter can be true of at some time: it may ask for what becomes known
 * later, but a socket keeps its protocol. `info`: with the counters of connections.
 */
function existingSockets(
  filter: Expr | null,
  ownNetns: boolean,
  info: boolean,
): readonly Socket[] {
  const groups = (["tcp", "udp", "raw"] as const).filter((name) => mayBe(filter, name));
  const transports = groups.flatMap((name) => TRANSPORTS[name]);
  if (transports.length === 0) return [];
  return takeNetnsSnapshot(
    {
      families: new Set(["inet", "inet6"]),
      transports: new Set<Transport>(transports),
      states: ALL_STATES,
      ports: null,
      pids: null,
      processes: null,
      users: null,
      info,
    },
    ownNetns ? "own" : "all",
    new Diagnostics(),
  ).sockets;
}
