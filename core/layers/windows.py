"""A window sliding along one axis: the arithmetic that convolution and pooling share.

Formulas as in PyTorch's documentation of Conv2d and MaxPool2d (ceil_mode off).
"""

from core.errors import LayerError


def span(kernel: int, dilation: int = 1) -> int:
    """Pixels from the first to the last tap of a window, both counted."""
    return dilation * (kernel - 1) + 1


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Positions of the window: floor((size + 2 padding - span) / stride) + 1.

    Raises:
        LayerError: a setting is below its least value, or the window is larger than the padded axis.
    """
    check_window(kernel, stride, padding, dilation)
    padded, reach = size + 2 * padding, span(kernel, dilation)
    if reach > padded:
        raise LayerError(
            "The window is larger than the map under it.",
            expected=f"a window of at most {padded} pixels"
            + (f" ({size} + 2 × {padding} of padding)" if padding else ""),
            found=f"{reach} pixels" + (f" (kernel {kernel}, dilation {dilation})" if dilation > 1 else ""),
            fix="Use a smaller window, more padding, less pooling before it, or larger pictures.",
        )
    return (padded - reach) // stride + 1


def same_padding(kernel: int, dilation: int = 1) -> tuple[int, int]:
    """Pixels (before, after) that keep the size at stride 1; the odd one goes after, as in PyTorch."""
    total = span(kernel, dilation) - 1
    return total // 2, total - total // 2


def check_window(kernel: int, stride: int, padding: int, dilation: int) -> None:
    """Raises LayerError where PyTorch refuses the number whatever the map."""
    least = {"kernel": (kernel, 1), "stride": (stride, 1), "dilation": (dilation, 1), "padding": (padding, 0)}
    for name, (value, low) in least.items():
        if value < low:
            raise LayerError(
                f"The {name} is too small.",
                expected=f"at least {low}",
                found=str(value),
                fix=f"Raise the {name}.",
            )
