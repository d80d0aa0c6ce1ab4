"""Test processes that run side by side share the machine's cores: threads beyond these wait for each other.

Said before NumPy or PyTorch is imported, and so also to the processes that tests start.
"""

import os

if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    beside = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // beside))
