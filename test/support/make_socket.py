#!/usr/bin/env python3
"""Builds one situation with sockets, says in one line of JSON what it made, and waits until standard input is closed.

    make_socket.py --list
    make_socket.py NAME [option=value ...]
    make_socket.py --fill N [--processes P]

The line holds `factory`, `pid`, `netns`, `sockets` (each with what the socket itself says of its address, inode,
cookie and so on, and with the processes that hold it) and further facts of that factory; or `skip`, the reason why
this machine cannot build it. Everything ends with this process, and no file stays.

Status: 0, also when skipped; 1 when the situation could not be reached; 2 when the arguments are wrong.
"""

import json
import os
import signal
import sys

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position,unused-import
from factories import datagram, link, local, option, process, tcp  # noqa: E402,F401
from factories.fill import fill  # noqa: E402
from factories.scene import SKIPPED_ERRNOS, Scene, Skip, netns  # noqa: E402
from factories.table import TABLE, options, parse_options  # noqa: E402


def say(value):
    os.write(1, json.dumps(value).encode() + b"\n")


def main(words):
    if words == ["--list"]:
        for name in sorted(TABLE):
            summary, function = TABLE[name]
            known = "".join(" %s=%s" % item for item in options(function).items())
            print("%-24s %s%s" % (name, summary, known and " [%s]" % known.strip()))
        return 0
    try:
        name, build = parse(words)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    # Ending is the same on a signal as on a closed input: by unwinding, through scene.end().
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    scene = Scene()
    try:
        try:
            build(scene)
        except Skip as reason:
            say({"factory": name, "skip": str(reason)})
            return 0
        except OSError as error:
            if error.errno not in SKIPPED_ERRNOS:
                raise
            say({"factory": name, "skip": "%s: %s" % (name, error)})
            return 0
        facts = {"factory": name, "pid": os.getpid(), "netns": netns(), "sockets": scene.sockets}
        say(dict(facts, **scene.facts))
        while os.read(0, 4096):
            pass
    finally:
        scene.end()
    return 0


def parse(words):
    """(name, function of a scene) from the arguments."""
    if words and words[0] == "--fill":
        numbers = {"--fill": None, "--processes": 10}
        if len(words) % 2 or not set(words[::2]) <= set(numbers):
            raise ValueError("Arguments %r: --fill N [--processes P] wanted" % (words,))
        for key, value in zip(words[::2], words[1::2]):
            if not value.isdigit() or not 1 <= int(value) <= 4000000:
                raise ValueError("%s %r: a number from 1 to 4000000 wanted" % (key, value))
            numbers[key] = int(value)
        return "fill", lambda scene: fill(scene, numbers["--fill"], numbers["--processes"])
    if not words or words[0] not in TABLE:
        raise ValueError("Factory %r is not known: see --list" % (words[0] if words else ""))
    function = TABLE[words[0]][1]
    values = parse_options(function, words[1:])
    return words[0], lambda scene: function(scene, **values)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
