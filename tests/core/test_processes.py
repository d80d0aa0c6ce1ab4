import os
import subprocess
import sys

import psutil
import pytest

from core.processes import START_TIME_TOLERANCE, is_running, start_time


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
