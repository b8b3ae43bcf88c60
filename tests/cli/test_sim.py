"""`ahv sim`, as a person starts it."""

import shlex
import signal
import subprocess
import sys

import requests


def test_it_says_in_one_line_where_it_is_and_what_to_export() -> None:
    command = [sys.executable, "-m", "pulumi_ahv.cli", "sim", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as sim:
        assert sim.stdout
        told = dict(word.split("=", 1) for word in sim.stdout.readline().split())
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{told['url']}/api/vmm/v4.0/content/images", verify=told["ca"], timeout=10)
        sim.send_signal(signal.SIGINT)
        _, said = sim.communicate(timeout=20)
    assert answer.status_code == 401
    exports = dict(word.split("=", 1) for word in shlex.split(said.split("export ", 1)[1].splitlines()[0]))
    assert exports["NUTANIX_ENDPOINT"] == told["url"]
    assert exports["NUTANIX_USERNAME"] == told["username"]
    assert exports["NUTANIX_PASSWORD"]
