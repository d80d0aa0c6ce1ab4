"""Collections of garbage that don't look through what stays anyway.

Streamlit collects after every run of a script, and each time would visit all that libraries have made as
they were loaded: hundreds of thousands of objects, a tenth of a second without PyTorch, more with it.
"""

import gc
import sys

_most = 0  # modules that were ever loaded together


def spare_loaded_modules() -> None:
    """Leave all that there is now out of collections, if more modules are loaded than ever before.

    What nobody refers to any more is collected first.
    """
    global _most
    if len(sys.modules) > _most:
        gc.collect()
        gc.freeze()
        _most = len(sys.modules)
