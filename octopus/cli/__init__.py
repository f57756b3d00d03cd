"""The command line: arguments and printing, a module for each kind of command.

Exit codes: 0 done, 1 the run ended without a model, 2 the input or a parameter cannot be used, 3 interrupted with the
best model so far kept, 130 interrupted before there was one.
"""

from octopus.cli.app import main

__all__ = ["main"]
