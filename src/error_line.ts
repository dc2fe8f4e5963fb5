/**
 * ErrorLine: the message about an error that ended the run. Loaded only after one did.
 *
 * @module
 */
import { SyscallError } from "../ffi/errno.ts";
import { bugReport } from "./bug_report.ts";
import { UsageError } from "./cli/usage_error.ts";
import { FilterSyntaxError, formatFilterError } from "./filter/errors.ts";
import { NetlinkError } from "./netlink/error.ts";
import { NoSuchName, NoSuchNamespace, NoSuchUser } from "./query.ts";
import { InputError } from "./snapshot/input.ts";
import { RecordingError } from "./snapshot/recording/file.ts";
import { sanitize } from "./text/sanitize.ts";

/** The message for an error; an unexpected one is told as a bug to be reported. */
export function errorLine(error: unknown): string {
  // Three lines, already sanitised: carets stand under the offending word.
  if (error instanceof FilterSyntaxError) return formatFilterError(error);
  if (
    error instanceof UsageError || error instanceof InputError ||
    error instanceof SyscallError || error instanceof NetlinkError ||
    error instanceof NoSuchNamespace || error instanceof NoSuchUser ||
    error instanceof NoSuchName ||
    error instanceof RecordingError
  ) {
    return sanitize(error.message);
  }
  return sanitize(bugReport(error));
}
