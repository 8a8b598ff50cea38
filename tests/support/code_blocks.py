"""The code of a Markdown page as CommonMark shows it, which is what a person copies."""

import re
import textwrap
from collections.abc import Iterator
from typing import Final

FENCE: Final = re.compile(r" *(`{3,}|~{3,})")


def code_blocks(page: str) -> Iterator[str]:
    """Each block of code: between fences, or indented by four blanks after an empty line. An indented one ends with the
    first line that is not.
    """
    block: list[str] = []
    fence = ""
    after_empty = True
    for line in [*page.splitlines(), "end"]:
        mark = FENCE.match(line)
        if fence:
            if line.strip().startswith(fence) and not line.strip(" `~"):
                yield textwrap.dedent("\n".join(block))
                block, fence = [], ""
            else:
                block.append(line)
        elif mark is None and line.startswith("    ") and (block or after_empty):
            block.append(line.removeprefix("    "))
        elif not line and block:
            block.append("")
        else:
            if block:
                yield "\n".join(block).rstrip("\n")
            block, fence = [], mark[1] if mark else ""
        after_empty = not line
