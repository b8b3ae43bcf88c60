"""Processes do not outlive the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WATCHER = """
import os, subprocess, sys
from pulumi_ahv.engine.reaper import Reaper
child = subprocess.Popen(["sleep", "600"], start_new_session=True, pass_fds=[int(sys.argv[1])])
reaper = Reaper()
reaper.watch(child.pid)
if sys.argv[2] == "forget":
    reaper.forget(child.pid)
    child.kill()
os.kill(os.getpid(), 9)
"""


def test_a_watched_process_ends_with_its_watcher(tmp_path: Path) -> None:
    import os

    reading, writing = os.pipe()
    watcher = subprocess.Popen([sys.executable, "-c", WATCHER, str(writing), "keep"], pass_fds=[writing])
    os.close(writing)
    watcher.wait()

    assert os.read(reading, 1) == b""  # every writer is gone: the child too
    os.close(reading)


def test_a_reaper_that_watched_nothing_has_nothing_to_close() -> None:
    from pulumi_ahv.engine.reaper import Reaper

    Reaper().close()
