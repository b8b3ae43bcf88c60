"""What importing the public package costs, told by what it brings along."""

import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_a_program_does_not_pay_for_what_only_the_provider_needs() -> None:
    brought = modules_after("import pulumi_ahv") - modules_after("import pulumi")
    heavy = ("boto3", "botocore", "oslo_utils", "starlette", "uvicorn", "pycdlib", "rich", "typer")
    assert sorted(name for name in brought if name.startswith(heavy)) == []
