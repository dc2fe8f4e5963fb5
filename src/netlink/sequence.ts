/**
 * Sequence numbers of requests.
 *
 * @module
 */

let last = 0;

/**
 * A number that no request of this process had before. It tells replies to one request from those to another, also when
 * a socket is used again.
 */
export function nextSequence(): number {
  return ++last;
}
