/**
 * `sockeye audit`: this host, or a snapshot, against a policy.
 *
 * @module
 */
import { terminalColumns } from "../../../ffi/terminal.ts";
import type { SnapshotDocument } from "../../snapshot/document.ts";
import { type AuditFormat, formatReport } from "../../audit/formats/mod.ts";
import type { AuditReport, Severity } from "../../audit/report.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { toldGap } from "../../model/gap.ts";
import { ProcRoot } from "../../proc/root.ts";
import { type ColorChoice, useColor } from "../../text/color.ts";
import { terminalProgress, withProgress } from "../../text/progress.ts";
import type { Writer } from "../../text/writer.ts";
import { tellDiagnostics, tellGaps } from "../../views/gaps.ts";
import { InputError, readInput } from "../../snapshot/input.ts";
import { takeHostDocument } from "../../snapshot/host_snapshot.ts";
import { jsonText } from "../../text/json_text.ts";

/** What to audit, against what, and how to show it. */
interface AuditOptions {
  /** Path, or `-` for standard input. */
  readonly policy: string | null;
  /** A snapshot to audit instead of this host: path, or `-`. */
  readonly snapshot: string | null;
  readonly ownNetns: boolean;
  readonly format: AuditFormat;
  /** True to show what is in order too. */
  readonly all: boolean;
  readonly color: ColorChoice;
  /** True to tell how the answer was obtained, and to name what could not be read. */
  readonly verbose: boolean;
}

/** Audits against a policy and writes the report. Throws {@linkcode InputError}, and what collecting throws. */
export async function audit(
  options: AuditOptions & { readonly policy: string },
  out: Writer,
  err: Writer,
): Promise<AuditReport> {
  const diagnostics = new Diagnostics();
  const { document, report } = await judge(options, diagnostics, err);
  await write(report, document, options, out);
  tell(document, diagnostics, options, err);
  return report;
}

/** Size limit in bytes: enough for a hundred thousand generated entries. */
const LONGEST_POLICY = 32 * 1024 * 1024;

async function judge(
  options: AuditOptions & { readonly policy: string },
  diagnostics: Diagnostics,
  err: Writer,
) {
  if (options.policy === "-" && options.snapshot === "-") {
    throw new InputError(
      "standard input can be read once: only one of policy and snapshot may be -",
    );
  }
  const { readPolicy } = await import("../../audit/read_policy.ts");
  const { evaluate } = await import("../../audit/evaluate.ts");
  const { name, text } = readInput(options.policy, LONGEST_POLICY);
  const policy = readPolicy(text, name);
  const document = await withProgress(
    terminalProgress(err),
    () => loadDocument(options, diagnostics),
  );
  return { policy, document, report: evaluate(document, policy) };
}

/** Audits without a policy, by rules that hold on any host. Throws {@linkcode InputError}, and what collecting throws. */
export async function advice(
  options: AuditOptions & { readonly failOn: Severity | null },
  out: Writer,
  err: Writer,
): Promise<AuditReport> {
  const diagnostics = new Diagnostics();
  const { advise } = await import("../../audit/advice/mod.ts");
  const { compareSources } = await import("./compare_sources.ts");
  const { document, comparison } = await withProgress(terminalProgress(err), async () => ({
    document: await loadDocument(options, diagnostics),
    comparison: options.snapshot === null ? compareSources() : null,
  }));
  const { readReservedPorts } = await import("../../proc/sysctl.ts");
  const reserved = options.snapshot === null ? readReservedPorts(new ProcRoot()) : [];
  const report = advise(document, comparison, options.failOn, reserved);
  await write(report, document, options, out);
  tell(document, diagnostics, options, err);
  return report;
}

/** Writes a policy that allows the services there are now. */
export async function init(
  options: Pick<AuditOptions, "snapshot" | "ownNetns" | "verbose"> & { readonly unix: boolean },
  out: Writer,
  err: Writer,
): Promise<void> {
  const diagnostics = new Diagnostics();
  const { initialPolicy } = await import("../../audit/init.ts");
  const document = await withProgress(
    terminalProgress(err),
    () => loadDocument(options, diagnostics),
  );
  out.write(initialPolicy(document, options.unix));
  out.flush();
  tell(document, diagnostics, options, err);
}

/** Explains one service. Returns false if there is none of that name. */
export async function explainOne(
  wanted: string,
  options: AuditOptions & { readonly policy: string },
  out: Writer,
  err: Writer,
): Promise<boolean> {
  const { explainService, explanationText } = await import("../../audit/explain_service.ts");
  const diagnostics = new Diagnostics();
  const { policy, document, report } = await judge(options, diagnostics, err);
  const found = explainService(wanted, document, policy, report);
  if (options.format === "json") out.write(`${jsonText(found)}\n`);
  else for (const explanation of found) out.write(explanationText(explanation, policy));
  out.flush();
  tell(document, diagnostics, options, err);
  return found.length > 0;
}

async function loadDocument(
  options: Pick<AuditOptions, "snapshot" | "ownNetns">,
  diagnostics: Diagnostics,
): Promise<SnapshotDocument> {
  if (options.snapshot !== null) {
    const { readSnapshot } = await import("../../audit/read_snapshot.ts");
    const { name, text } = readInput(options.snapshot);
    return readSnapshot(text, name);
  }
  const { ownNetns } = options;
  return takeHostDocument({ connections: false, ownNetns }, diagnostics);
}

async function write(
  report: AuditReport,
  document: SnapshotDocument,
  options: AuditOptions,
  out: Writer,
): Promise<void> {
  const color = useColor(options.color, terminalColumns(1) !== null, process.env);
  out.write(await formatReport(report, document, options.format, { color, all: options.all }));
  out.flush();
}

function tell(
  { gaps }: SnapshotDocument,
  diagnostics: Diagnostics,
  { snapshot, verbose }: Pick<AuditOptions, "snapshot" | "verbose">,
  err: Writer,
): void {
  if (snapshot === null) tellDiagnostics(diagnostics, err, { verbose });
  else tellGaps(gaps.map(toldGap), err, { verbose });
}
