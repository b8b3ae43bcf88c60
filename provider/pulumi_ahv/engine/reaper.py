"""Ends the engine's child processes when the engine itself is killed and cannot do so.

A tiny process of its own reads process ids from a pipe. When the pipe ends, because the engine ended, it interrupts the
process groups that are still on its list, and kills them two seconds later.
"""

from __future__ import annotations

import subprocess
import sys
import threading

_PROGRAM = """
import os, signal, sys, time
groups = set()
for line in sys.stdin:
    sign, _, pid = line.strip().partition(" ")
    (groups.add if sign == "+" else groups.discard)(int(pid))
def send(sign):
    for group in groups:
        try:
            os.killpg(group, sign)
        except OSError:
            pass
if groups:
    send(signal.SIGINT)
    time.sleep(2)
    send(signal.SIGKILL)
"""


class Reaper:
    """Watches process groups for the time this process lives. Starts its helper with the first one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def watch(self, pid: int) -> None:
        """End this process group with us."""
        self._tell("+", pid)

    def forget(self, pid: int) -> None:
        """This one has ended."""
        self._tell("-", pid)

    def close(self) -> None:
        """End the helper; what is still watched is ended by it."""
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
                self._process.wait()
                self._process = None

    def _tell(self, sign: str, pid: int) -> None:
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _PROGRAM],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    bufsize=1,
                    start_new_session=True,
                )
            assert self._process.stdin is not None  # noqa: S101 - asked for in Popen
            self._process.stdin.write(f"{sign} {pid}\n")
            self._process.stdin.flush()
