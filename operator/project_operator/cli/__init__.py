"""The command line: a module for each command, thin where it reads and asks, pure where it judges and words.

What a command finds, plans or writes down is made by functions of frozen values (`findings`, `strays`, `manifests`,
`plans`); the rest opens connections, asks, and prints.
"""

from project_operator.cli.entry import main

__all__ = ["main"]
