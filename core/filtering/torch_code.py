"""What the convolution lab shows, as a plain PyTorch script that gives the same numbers."""

from core.filtering.borders import Border
from core.filtering.correlation import Sliding
from core.filtering.kernels import Kernel
from core.filtering.patterns import Pattern
from core.filtering.pictures import Photo

OWN_FILE = "picture.jpg"  # stands for the picture that a user has uploaded

_SQUARE = "rows, columns = np.mgrid[:{size}, :{size}]\n"
_DISC = "np.hypot(rows - {y}, columns - {x}) <= {radius}"


def conv_code(origin: str, size: int, kernel: Kernel, sliding: Sliding) -> str:
    """Script that ends with `output` (1, 1, H', W').

    `origin` is a Photo or a Pattern; anything else stands for a file of the user's own. `kernel` is
    not turned yet, also for a true convolution.
    """
    return (
        _imports(origin)
        + _picture(origin, size, len(kernel.weights))
        + _kernel(kernel, sliding)
        + _convolution(sliding)
        + "print(output.shape, output.min().item(), output.max().item())\n"
    )


def pool_code(origin: str, size: int, window: int, stride: int, padding: int) -> str:
    """Script that ends with `largest`, `winners` and `mean` (1, 1, H', W')."""
    how = f"x, {window}, stride={stride}" + (f", padding={padding}" if padding else "")
    return (
        _imports(origin)
        + _picture(origin, size, 1)
        + f"largest, winners = F.max_pool2d({how}, return_indices=True)  # winner: row * width + column\n"
        + f"mean = F.avg_pool2d({how})\n"
        + "print(largest.shape, largest.mean().item(), mean.mean().item())\n"
    )


def strip_code(
    origin: str, size: int, kernel: Kernel, sliding: Sliding, bias: float, window: int, *, largest: bool
) -> str:
    """Script that ends with `output`, `rectified` and `pooled` (1, 1, H', W')."""
    return (
        _imports(origin)
        + _picture(origin, size, len(kernel.weights))
        + _kernel(kernel, sliding)
        + _convolution(sliding, bias)
        + "rectified = F.relu(output)\n"
        + f"pooled = F.{'max' if largest else 'avg'}_pool2d(rectified, {window})\n"
        + "print(output.shape, pooled.shape, pooled.max().item())\n"
    )


def _imports(origin: str) -> str:
    lines = ["import numpy as np", "import torch", "import torch.nn.functional as F"]
    lines.append("from PIL import Image, ImageOps")
    if origin in list(Photo):
        lines.append("from sklearn.datasets import load_sample_image")
    return "\n".join(lines) + "\n\n"


def _picture(origin: str, size: int, channels: int) -> str:
    """Lines that make `x` (1, C, size, size), values from 0 to 255."""
    if origin in list(Photo):
        source = f'image = Image.fromarray(load_sample_image("{origin}"))\n'
    elif origin in list(Pattern):
        source = _SQUARE.format(size=size) + _drawn(Pattern(origin), size)
        source += "image = Image.fromarray((255 * pixels).astype(np.uint8))\n"
    else:
        source = f'image = ImageOps.exif_transpose(Image.open("{OWN_FILE}"))\n'
    fit = f'image = ImageOps.fit(image.convert("RGB"), ({size}, {size}), Image.Resampling.BILINEAR)\n'
    if channels == 1:
        tensor = 'x = torch.tensor(np.array(image.convert("L")), dtype=torch.float64)[None, None]'
    else:
        tensor = "x = torch.tensor(np.array(image), dtype=torch.float64).permute(2, 0, 1)[None]"
    return f"{source}{fit}{tensor}  # (B, C, H, W), values from 0 to 255\n\n"


def _drawn(kind: Pattern, size: int) -> str:
    """Lines that make `pixels` (size, size), or (size, size, 3), from 0 to 1."""
    half, bar, last = size // 2, max(2, size // 8), size - 1
    match kind:
        case Pattern.IMPULSE:
            return f"pixels = (rows == {half}) & (columns == {half})\n"
        case Pattern.EDGE:
            return f"pixels = columns >= {half}\n"
        case Pattern.STRIPES:
            return f"pixels = columns // {bar} % 2\n"
        case Pattern.CHECKERBOARD:
            return f"pixels = (rows // {bar} + columns // {bar}) % 2\n"
        case Pattern.RAMP:
            return f"pixels = np.rint(columns * (255 / {last})) / 255\n"
        case Pattern.CIRCLE:
            middle = last / 2
            return f"pixels = {_DISC.format(y=middle, x=middle, radius=0.34 * size)}\n"
        case Pattern.LETTER:
            return (
                f"y, x = (rows + 0.5) / {size}, (columns + 0.5) / {size}\n"
                "upper = (y > 0.15) & (y < 0.29) & (x < 0.76)\n"
                "middle = (y > 0.44) & (y < 0.57) & (x < 0.66)\n"
                "pixels = ((x < 0.44) | upper | middle) & (x > 0.28) & (y > 0.15) & (y < 0.86)\n"
            )
        case Pattern.DISCS:
            places = ((0.36, 0.5), (0.62, 0.35), (0.62, 0.65))
            discs = (_DISC.format(y=y * last, x=x * last, radius=0.27 * size) for y, x in places)
            lines = "".join(f"    {disc},\n" for disc in discs)
            return f"pixels = np.stack([\n{lines}], axis=-1)\n"


def _kernel(kernel: Kernel, sliding: Sliding) -> str:
    """Lines that make `kernel` (1, C, rows, columns)."""
    slices = ",\n".join(
        "    [" + ",\n     ".join("[" + ", ".join(f"{w:.12g}" for w in row) + "]" for row in rows) + "]"
        for rows in kernel.weights
    )
    divided = "" if kernel.divisor == 1 else f" / {kernel.divisor:.12g}"
    lines = f"kernel = torch.tensor([[\n{slices},\n]], dtype=torch.float64){divided}\n"
    if sliding.true_convolution:
        lines += "kernel = kernel.flip(-2, -1)  # true convolution: turned by 180 degrees\n"
    return lines


def _convolution(sliding: Sliding, bias: float = 0.0) -> str:
    around = sliding.padding
    lines, arguments = "", ["x", "kernel"]
    if bias:
        arguments.append(f"bias=torch.tensor([{bias:.12g}], dtype=torch.float64)")
    if sliding.stride > 1:
        arguments.append(f"stride={sliding.stride}")
    if around and sliding.border is Border.ZERO:
        arguments.append(f"padding={around}")
    elif around:
        lines = f'padded = F.pad(x, ({around}, {around}, {around}, {around}), mode="{sliding.border}")\n'
        arguments[0] = "padded"
    if sliding.dilation > 1:
        arguments.append(f"dilation={sliding.dilation}")
    return f"{lines}output = F.conv2d({', '.join(arguments)})\n"
