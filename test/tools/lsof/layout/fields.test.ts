/**
 * The output of `-F`.
 */
import { expect, test } from "bun:test";
import { parseLsof } from "../../../../src/tools/lsof/arguments/parse.ts";
import { Cells } from "../../../../src/tools/lsof/layout/cells.ts";
import { FIELD_HELP, writeFields } from "../../../../src/tools/lsof/layout/fields.ts";
import type { LsofQuery } from "../../../../src/tools/lsof/query.ts";
import { emptyRow, type FileRow, type ProcessRow } from "../../../../src/tools/lsof/rows/row.ts";
import { textWriter } from "../../../support/text_writer.ts";

const NAMES = {
  user: (uid: number) => uid === 0 ? "root" : null,
  host: () => null,
  service: () => null,
};

function fields(args: readonly string[], files: readonly FileRow[], parts = {}): string {
  const lookups = { service: () => null, addresses: () => [], user: () => null };
  const { format } = parseLsof(args, lookups) as LsofQuery;
  const { writer, text } = textWriter();
  const process = {
    pid: 7,
    tid: 0,
    taskCommand: null,
    pgid: 6,
    ppid: 1,
    uid: 0,
    command: "nginx",
    files,
    ...parts,
  } as unknown as ProcessRow;
  writeFields([process], format, new Cells(format, NAMES, true), writer);
  return text();
}

const file = (parts: Partial<FileRow> = {}): FileRow => ({
  ...emptyRow(3),
  access: "u",
  type: "REG",
  device: { major: 254, minor: 0x12345 },
  size: 10,
  inode: 99,
  linkCount: 1,
  name: "/var/log/a",
  ...parts,
});

test("each field is a letter and a value, those of the process before those of the file", () => {
  expect(fields(["-F", "pcuLftn"], [file()])).toBe(
    "p7\ncnginx\nu0\nLroot\nf3\ntREG\nn/var/log/a\n",
  );
});

test("the process is always shown, but not one without files", () => {
  expect(fields(["-F", "n"], [file()])).toBe("p7\nn/var/log/a\n");
  expect(fields(["-F", "n"], [])).toBe("");
});

test("what is not known has no field", () => {
  const unknown = file({ device: null, size: null, inode: null, linkCount: null, type: "" });
  expect(fields(["-F", "DsikTft"], [unknown])).toBe("p7\nf3\n");
});

test("a device is a dev_t: low minor, major, the rest of minor", () => {
  expect(fields(["-F", "D"], [file()])).toBe("p7\nD0x1230fe45\n");
  expect(fields(["-F", "r"], [file({ specialDevice: { major: 1, minor: 3 } })])).toBe(
    "p7\nr0x103\n",
  );
});

test("with -F0 fields end in NUL, and the set of a process or a file in a newline", () => {
  expect(fields(["-F0pfn"], [file(), file({ descriptor: "cwd", name: "/" })])).toBe(
    "p7\0\nf3\0n/var/log/a\0\nfcwd\0n/\0\n",
  );
});

test("a task has its ID and name, and -g and -R their fields", () => {
  const task = { tid: 9, taskCommand: "worker" };
  expect(fields(["-F", "pKMgR", "-g", "-R"], [file()], task)).toBe("p7\nK9\nMworker\ng6\nR1\n");
  expect(fields(["-F", "pn"], [file()], task)).toBe("p7\nn/var/log/a\n");
});

test("every letter that -F takes is told by -F?", () => {
  const letters = FIELD_HELP.map(([letter]) => letter);
  expect(new Set(letters).size).toBe(letters.length);
  for (const letter of letters) expect(() => fields([`-F${letter}`], [file()])).not.toThrow();
});
