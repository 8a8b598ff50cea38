"""Text of others, fit to be shown."""


def printable(text: str) -> str:
    """``text`` as one line of characters that can be printed, without blanks at its ends.

    No control character or escape sequence of somebody else's gets to a terminal, nothing turns the direction of what
    is written, and no line break makes two rows of one.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())
