"""The table of factories: name -> (one line about it, function).

A factory is a function of a Scene and of keyword options, each with a default. The type of the default is the type of
the option, so `workers=4` on the command line is a number where the default is one.
"""

import inspect

TABLE = {}


def factory(summary):
    """Registers a function under its own name."""

    def register(function):
        TABLE[function.__name__] = (summary, function)
        return function

    return register


def options(function):
    """Option names and defaults of a factory."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return {p.name: p.default for p in parameters}


def parse_options(function, words):
    """`["workers=4"]` -> `{"workers": 4}`; ValueError on what the factory does not know."""
    known = options(function)
    values = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in known:
            wanted = ", ".join("%s=%s" % item for item in known.items()) or "no options"
            raise ValueError("Option %r is not known: wanted %s" % (word, wanted))
        try:
            values[key] = type(known[key])(value)
        except ValueError:
            raise ValueError("Option %r: %s wanted" % (word, type(known[key]).__name__)) from None
    return values
