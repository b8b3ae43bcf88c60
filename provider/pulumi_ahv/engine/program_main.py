"""Runs a Pulumi program in a process of its own: ``python -u program_main.py SETTINGS``, SETTINGS being JSON.

Imports pulumi and the standard library only: it runs under the program's own interpreter, where this package need not
be installed. Exit codes are those of Pulumi's own runner: 0, 1 for a RunError, 32 for an exception, and what
``sys.exit`` was given; errors have been sent to the engine's log by then.
"""

from __future__ import annotations

import asyncio
import json
import logging
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
from pulumi import runtime

EXCEPTION = 32


def main(settings: dict[str, object], entry: str) -> int:
    """Run the program behind ``entry``, a file or a directory with a ``__main__.py``."""
    parallel = int(str(settings["parallel"]))
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(runtime.Settings(**settings))  # type: ignore[arg-type] # names and types come from the engine
    sys.argv = [entry]
    sys.path.insert(0, str(Path.cwd()))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * 4)
    loop.set_default_executor(executor)
    try:
        if Path(entry).is_dir() and not Path(entry, "__main__.py").exists():
            pulumi.log.error(f"there is no __main__.py in {Path(entry).absolute()}")
            return EXCEPTION
        loop.run_until_complete(runtime.run_in_stack(lambda: _run(entry)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:  # noqa: BLE001 - whatever a user's program raises
        pulumi.log.error("Program failed with an unhandled exception:\n" + _user_traceback(entry))
        return EXCEPTION
    else:
        return 0
    finally:
        executor.shutdown(wait=True)
        loop.close()


def _run(entry: str) -> None:
    runpy.run_path(entry, run_name="__main__")


def _user_traceback(entry: str) -> str:
    """The traceback from the first frame of the program on."""
    path = Path(entry).absolute()
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if Path(frame.filename).absolute() in (path, path / "__main__.py"):
            return traceback.format_exc(limit=-(len(frames) - index))
    return traceback.format_exc()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    code = main(given["settings"], given["entry"])
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)
