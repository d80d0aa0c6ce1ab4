"""What a pickle would call if it were loaded, read from its instructions; nothing of it runs. No torch."""

import pickletools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import ModelFileError

MOST_BYTES = 4_000_000  # of instructions; a state dict of 10,000 tensors has 2 MB
SHOWN = 80  # characters of a name

# What torch.save writes for a dict of tensors; they are read under `weights_only=True` all the same.
_TENSOR_MAKERS = frozenset(
    {
        "collections.OrderedDict",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch.Size",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
        "torch.storage.UntypedStorage",
    }
)
_STORAGES = frozenset(
    f"torch.{kind}Storage"
    for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
)
_HARMLESS = _TENSOR_MAKERS | _STORAGES
_EXTENSIONS = frozenset({"EXT1", "EXT2", "EXT4"})


def check_pickle(file: BinaryIO, name: str, *, pickles: int = 1) -> None:
    """Read `pickles` of them, one behind the other, and leave `file` at the end of the last.

    Raises:
        ModelFileError: one calls anything but what makes tensors, which is named, or is damaged.
    """
    limited = _AtMost(file, MOST_BYTES)
    for _ in range(pickles):
        for called in _called(limited, name):
            if called not in _HARMLESS:
                raise _has_code(name, called)


def check_pickle_file(path: Path) -> None:
    """The same for a file of torch's old form: a number, a version, this machine, the tensors, their keys.

    Raises:
        ModelFileError: as `check_pickle`.
    """
    with path.open("rb") as file:
        check_pickle(file, "The file", pickles=5)


def _called(file: "_AtMost", name: str) -> Iterator[str]:
    """The globals that a pickle asks for, in their order, as "module.name"."""
    stack: list[str | None] = []  # of what lies on the pickle's stack, the strings; None is anything else
    marks: list[int] = []
    memo: dict[int, str | None] = {}
    try:
        for opcode, argument, _ in pickletools.genops(file):  # type: ignore[arg-type]
            kind = opcode.name
            if kind in ("GLOBAL", "INST"):
                yield str(argument).replace(" ", ".", 1)
            elif kind == "STACK_GLOBAL":
                parts = stack[-2:]
                yield ".".join(part if part is not None else "<computed>" for part in parts)
            elif kind in _EXTENSIONS:
                yield f"<extension {argument}>"
            _follow(opcode, argument, stack, marks, memo)
    except ModelFileError:
        raise
    except Exception as damage:  # genops and the stack raise many kinds on what is no pickle
        raise ModelFileError(
            f"{name} holds a damaged pickle.",
            expected="a dict of tensors, as torch.save writes it",
            found=f"{type(damage).__name__}: {damage}"[:120],
            fix="Save model.state_dict() again, or copy the file again.",
        ) from damage


def _follow(
    opcode: pickletools.OpcodeInfo,
    argument: object,
    stack: list[str | None],
    marks: list[int],
    memo: dict[int, str | None],
) -> None:
    """What an instruction does to the stack, as far as strings go."""
    kind = opcode.name
    if kind == "MARK":
        marks.append(len(stack))
        return
    if kind in ("PUT", "BINPUT", "LONG_BINPUT"):
        memo[int(str(argument))] = stack[-1]
        return
    if kind == "MEMOIZE":
        memo[len(memo)] = stack[-1]
        return
    if kind in ("GET", "BINGET", "LONG_BINGET"):
        stack.append(memo[int(str(argument))])
        return
    if kind == "DUP":
        stack.append(stack[-1])
        return
    if kind == "POP" and marks and marks[-1] == len(stack):
        marks.pop()
        return
    takes = opcode.stack_before
    if pickletools.markobject in takes:
        del stack[marks.pop() :]
        takes = takes[: takes.index(pickletools.markobject)]
    if takes:
        del stack[-len(takes) :]
    text = str(argument) if "UNICODE" in kind or "STRING" in kind else None
    stack.extend([text] * len(opcode.stack_after))


class _AtMost:
    """A file of which no more than `most` bytes are read."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._left = file, most

    def read(self, size: int) -> bytes:
        return self._counted(self._file.read(max(0, min(size, self._left + 1))))

    def readline(self) -> bytes:
        return self._counted(self._file.readline(self._left + 1))

    def tell(self) -> int:
        return self._file.tell()

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise ModelFileError(
                "The file has far more instructions than a dict of tensors needs.",
                expected=f"at most {MOST_BYTES / 1e6:.0f} MB beside the tensors",
                found="more",
                fix="Save model.state_dict() alone.",
            )
        return data


def _has_code(name: str, called: str) -> ModelFileError:
    return ModelFileError(
        f"{name} holds code: loading it would call {called[:SHOWN]}. Nothing of it was run.",
        expected="tensors and plain types only",
        found=f"the global {called[:SHOWN]}",
        fix="Ask for safetensors, or for a file made by torch.save(model.state_dict(), ...).",
    )
