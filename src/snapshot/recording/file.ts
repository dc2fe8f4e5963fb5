/**
 * Files of recordings: made by `--record`, read by `--replay`.
 *
 * @module
 */
import { EAGAIN, EEXIST, ELOOP, errnoText, SyscallError } from "../../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_WRONLY,
  tryOpenAt,
  tryRead,
} from "../../../ffi/files.ts";
import { allocate, cString } from "../../../ffi/memory.ts";
import { POLLIN, waitFor } from "../../../ffi/poll.ts";
import { tryStatFd } from "../../../ffi/stat.ts";
import type { Recorder } from "./recorder.ts";
import { decodeRecording, encodeRecording, MAX_RECORDING_BYTES } from "./format.ts";
import { Replayer } from "./replayer.ts";
import { DecodeError } from "../../model/decode_error.ts";
import type { Owner } from "../../model/owner.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Sockets } from "../../model/sockets.ts";
import { VERSION } from "../../version.ts";
import { Writer } from "../../text/writer.ts";
import { strictUtf8Text } from "../../text/encoding.ts";

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
    if (path.includes("\0")) throw new RecordingError(`--record: no file can be called so`);
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
  if (path.includes("\0")) throw refuse("no file can be called so");
  const bytes = readBounded(path);
  if (bytes === null) throw refuse(`larger than ${MAX_RECORDING_BYTES} bytes`);
  if (typeof bytes === "number") throw refuse(errnoText(-bytes));
  let text: string;
  try {
    text = strictUtf8Text(bytes);
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

/**
 * Reads a file of at most {@linkcode MAX_RECORDING_BYTES}; `null` if it is larger, or the negated errno. Reading stops if the
 * first byte is not that of a recording, as in an endless device; the decoder then refuses what was read.
 */
function readBounded(path: string): Uint8Array | number | null {
  const fd = tryOpenAt(AT_FDCWD, cString(path), O_RDONLY);
  if (fd < 0) return fd;
  try {
    const status = tryStatFd(fd);
    // The size of a pipe or a device is 0. One byte more than the size shows that the file ends there.
    const size = typeof status === "number" ? 0 : status.size;
    if (size > MAX_RECORDING_BYTES) return null;
    let buffer = allocate(Math.max(size + 1, 64 * 1024));
    let length = 0;
    for (;;) {
      const count = tryRead(fd, buffer.subarray(length));
      if (count === -EAGAIN) waitFor(fd, POLLIN);
      else if (count < 0) return count;
      else length += count;
      if (count === 0 || length > 0 && buffer[0] !== 0x7b) return buffer.subarray(0, length);
      if (length > MAX_RECORDING_BYTES) return null;
      if (length < buffer.length) continue;
      const larger = allocate(Math.min(buffer.length * 2, MAX_RECORDING_BYTES + 1));
      larger.set(buffer);
      buffer = larger;
    }
  } finally {
    close(fd);
  }
}
