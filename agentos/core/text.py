"""Text that came from elsewhere, made fit for UTF-8."""


def well_formed(text: str) -> str:
    r"""`text` as UTF-8 can hold it.

    JSON can spell half a character, and a server may send both halves apart: they are joined
    again, and a lone one is replaced.

    >>> well_formed("\ud83d\ude00 \ud83d") == "\U0001f600 \ufffd"
    True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
