/**
 * Explanations as JSON, version 1: the same facts as the text, with the evidence for every relation.
 *
 * @module
 */
import type {
  BindReport,
  Connections,
  ExplainedSockets,
  Explanation,
  Place,
  ReachReport,
} from "../../model/explanation.ts";
import { type Gap, gapJson } from "../../model/gap.ts";
import type { EphemeralReport } from "../../model/ephemeral.ts";
import type { Bytes } from "../../model/owner.ts";
import type { OwnerNode } from "../../model/relation.ts";
import { forwardJson } from "../forward.ts";
import { socketJson } from "../json.ts";
import { ephemeralJson } from "./ephemeral.ts";
import { faultJson } from "./faults.ts";
import { storyJson, usageJson } from "./story_json.ts";
import type { Writer } from "../../text/writer.ts";
import { utf8Text } from "../../text/encoding.ts";
import { jsonText } from "../../text/json_text.ts";

/** Name and version of the format. */
const EXPLANATION_SCHEMA = "sockeye.explanation/1";

type Json = Record<string, unknown>;

const text = (bytes: Bytes | null): string | null => bytes === null ? null : utf8Text(bytes);

/** Writes all explanations as one document. Throws what the writer throws. */
export function writeExplanationsJson(
  explanations: readonly Explanation[],
  gaps: readonly Gap[],
  writer: Writer,
): void {
  writeDocument({ explanations: explanations.map(explanationJson) }, gaps, writer);
}

/** Writes the predictions of bind(2) as one document. Throws what the writer throws. */
export function writeBindJson(
  reports: readonly BindReport[],
  gaps: readonly Gap[],
  writer: Writer,
): void {
  writeDocument({ binds: reports.map(bindJson) }, gaps, writer);
}

/** Writes how many ports that the kernel hands out are taken as one document. Throws what the writer throws. */
export function writeEphemeralJson(
  report: EphemeralReport | null,
  gaps: readonly Gap[],
  writer: Writer,
): void {
  writeDocument({ ephemeral: report === null ? null : ephemeralJson(report) }, gaps, writer);
}

function writeDocument(content: Json, gaps: readonly Gap[], writer: Writer): void {
  const document = {
    schema: EXPLANATION_SCHEMA,
    complete: gaps.length === 0,
    gaps: gaps.map(gapJson),
    ...content,
  };
  writer.write(`${jsonText(document, 2)}\n`);
}

function explanationJson(explanation: Explanation): Json {
  const { target, kind, subjects, nearby, idle, file, elsewhere, netns, verdict } = explanation;
  return {
    target,
    kind,
    found: verdict.answer === "yes",
    undecided: verdict.answer === "undecided",
    because: verdict.answer === "undecided" ? verdict.because : [],
    netns,
    subjects: subjects.map(subjectJson),
    forwards: explanation.forwards.map(forwardJson),
    forwards_unread: explanation.forwardsUnread,
    nearby: nearby === null ? null : {
      connections: nearby.connections === null ? null : connectionsJson(nearby.connections),
      sockets: nearby.sockets.map(socketJson),
      ephemeral: nearby.ephemeral,
      in_ephemeral: nearby.inEphemeral,
      reserved: nearby.reserved,
      binds: nearby.binds.map(bindJson),
      neighbours: nearby.neighbours.map(socketJson),
      usual: nearby.usual === null ? null : {
        service: nearby.usual.service,
        programs: nearby.usual.programs,
        pids: nearby.usual.processes.map(({ pid }) => pid),
        sockets: nearby.usual.sockets.map(socketJson),
      },
    },
    idle: idle.map(({ pid }) => pid),
    file,
    elsewhere: elsewhere.map(socketJson),
    elsewhere_complete: explanation.elsewhereVerdict.answer !== "undecided",
    unlisted: explanation.unlisted,
  };
}

function subjectJson(subject: ExplainedSockets): Json {
  const { logs, ends, sockets } = subject;
  return {
    kind: subject.kind,
    sockets: subject.sockets.map(socketJson),
    connections: subject.connections === null ? null : connectionsJson(subject.connections),
    connection_ends: subject.connectionEnds.map(({ direction, peers }) => ({
      direction,
      pids: peers?.map(({ pid }) => pid) ?? null,
    })),
    peers: subject.peers.map(({ address, port, count, processes }) => ({
      address,
      port,
      count,
      pids: processes.map(({ pid }) => pid),
    })),
    other_peers: subject.otherPeers,
    relations: subject.relations.map(({ roots, consequences }) => ({
      roots: roots.map(nodeJson),
      consequences,
    })),
    creator: subject.creator ?? null,
    tunnel: subject.tunnel ?? null,
    unexamined: subject.unexamined ?? 0,
    places: subject.places.map(placeJson),
    logs: {
      files: logs.files.map(({ path, deleted, size, owners }) => ({
        path: text(path),
        deleted,
        size,
        holders: owners,
      })),
      journal: logs.journal,
      container: logs.container,
      unread: logs.unread,
    },
    faults: subject.faults.map(faultJson),
    stories: subject.stories.map(storyJson),
    usage: subject.usage.map(usageJson),
    next: subject.next,
    reach: subject.reach === null ? null : reachJson(subject.reach),
    forwards_to: subject.forwardsTo,
    ends: ends.map((end) => ({
      sockets: end.sockets.map((socket) => sockets.indexOf(socket)),
      connections: end.connections === null ? null : connectionsJson(end.connections),
      reach: end.reach === null ? null : reachJson(end.reach),
      forwards_to: end.forwardsTo,
    })),
  };
}

function connectionsJson(connections: Connections): Json {
  const { established, peers, unaccepted, timeWait, timeWaitEndsMs, others } = connections;
  return {
    established,
    peers,
    unaccepted,
    time_wait: timeWait,
    time_wait_ends_ms: timeWaitEndsMs,
    others,
  };
}

// The complete owners are part of the sockets.
function nodeJson({ owner, role, certain, evidence, children }: OwnerNode): Json {
  return {
    pid: owner.pid,
    tid: owner.tid,
    fds: owner.fds,
    role,
    certain,
    evidence,
    children: children.map(nodeJson),
  };
}

function placeJson(place: Place): Json {
  return {
    pids: place.pids,
    comm: text(place.comm),
    exe: text(place.exe),
    zombie: place.zombie ?? false,
    exe_fate: place.exeFate,
    exe_is_host_file: place.exeIsHostFile ?? null,
    package: place.package,
    cwd: text(place.cwd),
    root: text(place.root),
    cgroup: place.cgroup,
    unit: place.unit,
    session: place.session,
    container: place.container,
    image: place.image,
    pod: place.pod,
    unread: place.unread,
  };
}

function reachJson({ scope, reasons, addresses, groups, published, file }: ReachReport): Json {
  return {
    scope,
    reasons,
    addresses,
    groups,
    published: published?.map(({ via, address, ports, conditional, pid }) => ({
      via,
      address,
      port: ports.first,
      last_port: ports.last,
      conditional,
      pid,
    })) ?? null,
    file: file === null ? null : {
      mode: file.mode,
      uid: file.uid,
      user: file.user,
      gid: file.gid,
      group: file.group,
      closed_folder: file.closedFolder,
    },
  };
}

function bindJson(report: BindReport): Json {
  return {
    transport: report.transport,
    address: report.address,
    interface: report.interface,
    port: report.port,
    verdict: report.verdict,
    plain: report.plain,
    reuse_address: report.reuseAddress,
    reuse_port: report.reusePort,
    holders: report.inTheWay.map(socketJson),
    unprivileged_port_start: report.unprivilegedStart,
    ephemeral: report.ephemeral === null ? null : ephemeralJson(report.ephemeral),
  };
}
