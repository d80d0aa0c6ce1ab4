import os
import subprocess
import sys

import psutil
import pytest

from core.processes import START_TIME_TOLERANCE, is_running, peak_memory, start_time


def test_this_process_runs_even_if_the_clock_was_corrected() -> None:
    pid, started = os.getpid(), psutil.Process().create_time()
    assert start_time(pid) == started
    for correction in (0.0, 1.0, -1.0):
        assert is_running(pid, started + correction)


def test_another_process_under_the_same_pid_is_another() -> None:
    assert not is_running(os.getpid(), psutil.Process().create_time() - START_TIME_TOLERANCE - 1)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no zombies")
def test_a_dead_process_does_not_run_waited_for_or_not() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    started = psutil.Process(process.pid).create_time()
    assert process.stdout is not None
    process.stdout.read()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert not is_running(process.pid, started)
    process.communicate()
    assert start_time(process.pid) is None


@pytest.mark.skipif(sys.platform not in ("linux", "darwin", "win32"), reason="the system doesn't say")
def test_the_peak_of_the_memory_stays_when_the_memory_is_free_again() -> None:
    before = peak_memory()
    assert before is not None
    assert before > 5_000_000
    held = psutil.Process().memory_info().rss
    size = before - held + 100_000_000
    block = bytearray(b"x") * size
    full = peak_memory()
    assert full is not None
    assert full >= before + 50_000_000
    del block
    assert peak_memory() == pytest.approx(full, rel=0.01)
