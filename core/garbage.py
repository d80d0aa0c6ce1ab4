"""Collections of garbage that don't look through what stays anyway.

Streamlit collects after every run of a script, and each time would visit all that libraries have made as
they were loaded: hundreds of thousands of objects, a tenth of a second without PyTorch, more with it.
"""

import gc
import sys

_spared = 0  # modules that were loaded when this was last done


def spare_loaded_modules() -> None:
    """Leave all that there is now out of collections, if modules were loaded since the last time.

    What nobody refers to any more is collected first.
    """
    global _spared
    if len(sys.modules) != _spared:
        gc.collect()
        gc.freeze()
        _spared = len(sys.modules)
