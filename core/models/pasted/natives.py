"""Calling a function that the reader knows with arguments that come from the code."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from inspect import Signature, signature

from core.errors import CodeRefused
from core.models.pasted.place import clipped
from core.models.pasted.values import Value


def call_native(
    name: str, call: Callable[..., Value], positional: list[Value], named: dict[str, Value]
) -> Value:
    """call(*positional, **named).

    Raises:
        CodeRefused: the arguments don't suit it.
    """
    try:
        signature_of(call).bind(*positional, **named)
    except TypeError as error:
        known = list(signature_of(call).parameters)
        unknown = next((word for word in named if word not in known), None)
        if unknown is None:
            raise CodeRefused(
                f"{clipped(name)} can't be called like this: {clipped(str(error))}.",
                fix="Give it the arguments that PyTorch asks for.",
            ) from None
        close = get_close_matches(unknown, known, 1)
        raise CodeRefused(
            f"{clipped(name)} has no argument `{clipped(unknown)}`.",
            fix=f"Write {close[0]}." if close else f"It has {', '.join(known)}.",
        ) from None
    return call(*positional, **named)


@lru_cache(maxsize=512)
def signature_of(call: Callable[..., Value]) -> Signature:
    """Its arguments, looked up once."""
    return signature(call)
