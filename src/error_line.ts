/**
 * ErrorLine: what is said of an error that ended the run. Loaded when one did.
 *
 * @module
 */
import { SyscallError } from "../ffi/errno.ts";
import { bugReport } from "./bug_report.ts";
import { UsageError } from "./cli/usage_error.ts";
import { FilterSyntaxError, formatFilterError } from "./filter/errors.ts";
import { NetlinkError } from "./netlink/error.ts";
import { NoSuchNamespace, NoSuchUser } from "./query.ts";
import { sanitize } from "./text/sanitize.ts";

/** One line for a person; an error nobody foresaw says where to take it. */
export function errorLine(error: unknown): string {
  // Three lines, made harmless there: carets under the offending word.
  if (error instanceof FilterSyntaxError) return formatFilterError(error);
  if (
    error instanceof UsageError || error instanceof SyscallError ||
    error instanceof NetlinkError || error instanceof NoSuchNamespace ||
    error instanceof NoSuchUser
  ) {
    return sanitize(error.message);
  }
  return sanitize(bugReport(error));
}
