/**
 * Files of recordings: made by `--record`, read by `--replay`.
 *
 * @module
 */
import { EEXIST, ELOOP, errnoText, SyscallError } from "../../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  tryOpenAt,
} from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import { readGiven } from "../../files/given_file.ts";
import { Refusal } from "../../files/refusal.ts";
import type { Recorder } from "./recorder.ts";
import { decodeRecording, encodeRecording, MAX_RECORDING_BYTES } from "./format.ts";
import { Replayer } from "./replayer.ts";
import { DecodeError } from "../../model/decode_error.ts";
import type { Owner } from "../../model/owner.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Sockets } from "../../model/sockets.ts";
import { VERSION } from "../../version.ts";
import { Writer } from "../../text/writer.ts";
import { strictUtf8Text, withoutByteOrderMark } from "../../text/encoding.ts";

/** A recording cannot be written or read. The message says which file and why. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/** The file of a new recording. It must not exist yet, and only its owner may read it, because it contains command lines. */
export class RecordingFile {
  readonly #path: string;
  readonly #fd: number;

  /** Creates the file. Throws {@linkcode RecordingError}. */
  constructor(path: string) {
    this.#path = path;
    if (path.includes("\0")) {
      throw new RecordingError(`--record: a file name cannot contain a NUL byte`);
    }
    this.#fd = tryOpenAt(AT_FDCWD, cString(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    if (this.#fd >= 0) return;
    const errno = -this.#fd;
    throw new RecordingError(
      errno === EEXIST || errno === ELOOP
        ? `--record ${path}: it is there already, and recordings overwrite nothing`
        : `--record ${path}: ${errnoText(errno)}`,
    );
  }

  /** Writes everything that was read for a snapshot, or is needed to show it. Throws {@linkcode RecordingError}. */
  write(recorder: Recorder, snapshot: Snapshot<Sockets>): void {
    for (const { owners, peerOwners } of snapshot.sockets) {
      for (const owner of [...owners, ...peerOwners ?? []]) readFacts(owner);
    }
    // Names of what is missing are looked up when somebody asks for them.
    for (const { items } of snapshot.gaps) void items;
    const writer = new Writer(this.#fd, this.#path);
    try {
      for (const line of encodeRecording(recorder.recording(VERSION))) writer.write(line);
      writer.flush();
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      throw new RecordingError(`--record ${this.#path}: ${error.message}`);
    }
  }

  /** Closes the file. */
  close(): void {
    close(this.#fd);
  }
}

// Facts about a process are read when they are asked for. A listing of names has not asked for all.
function readFacts({ process }: Owner): void {
  const { comm, exe, exeDeleted, cmdline, ppid, uid, user, startTimeMs, unit, container } = process;
  void [comm, exe, exeDeleted, cmdline, ppid, uid, user, startTimeMs, unit, container];
}

/** Opens a recording. Throws {@linkcode RecordingError}. */
export function openRecording(path: string): Replayer {
  const refuse = (why: string) => new RecordingError(`--replay ${path}: ${why}`);
  if (path.includes("\0")) throw refuse("a file name cannot contain a NUL byte");
  const bytes = readGiven(path, MAX_RECORDING_BYTES);
  if (bytes instanceof Refusal) {
    throw refuse(bytes.errno === 0 ? `it ${bytes.text}` : errnoText(bytes.errno));
  }
  let text: string;
  try {
    text = withoutByteOrderMark(strictUtf8Text(bytes));
  } catch {
    throw refuse("this is not UTF-8 text");
  }
  try {
    return new Replayer(decodeRecording(text));
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
}
