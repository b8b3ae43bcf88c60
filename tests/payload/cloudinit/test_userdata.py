"""Every format of user-data has its own traps, each with a message of its own."""

from __future__ import annotations

import pytest

from pulumi_ahv.payload.cloudinit.formats import Part, multipart
from pulumi_ahv.payload.cloudinit.userdata import check_user_data


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("\n#!/bin/sh\n", "late-shebang", 1),
        ("#!/bin/sh\r\nls\r\n", "carriage-return", 1),
        ("#!bash\n", "relative-interpreter", 1),
        ("#include\nhttp://ok/x\nnot a url\n", "not-a-url", 3),
        ("## template: jinja\nhello\n", "unknown-format", 2),
        ("## template: jinja", "unknown-format", 2),
        ("\n\nhello\n", "unknown-format", 3),
        ("\ufeff#cloud-config\n", "byte-order-mark", 1),
        ("#!/bin/sh\n\0", "nul", 2),
        ("#cloud-config\nhostnam: x\n", "unknown-key", 2),
        ("#cloud-config-archive\n- {type: text/plain}\n", "missing-key", 2),
        (
            "#cloud-config-archive\n- |\n  #!/bin/sh\n- content: |\n    #cloud-config\n    hostnam: x\n",
            "unknown-key",
            6,
        ),
        ("MIME-Version: 1.0\n\nhello", "not-multipart", 1),
    ],
)
def test_a_trap_is_found_at_its_line(text: str, code: str, line: int) -> None:
    (problem,) = check_user_data(text)
    assert (problem.code, problem.line, problem.fatal) == (code, line, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!/bin/sh\nls\n",
        "#! /usr/bin/env python3\n",
        "#include\n# comment\n\nhttps://example.com/x\n",
        "#cloud-boothook\n#!/bin/sh\n",
        "#part-handler\ndef list_types(): ...\n",
        "## template: jinja\n#cloud-config\nhostname: {{ v1.x }}\n",
        "#cloud-config-archive\n- '#!/bin/sh'\n- {type: text/cloud-config, content: 'hostname: x'}\n",
    ],
)
def test_a_good_text_has_no_problems(text: str) -> None:
    assert check_user_data(text) == []


def test_a_near_miss_of_the_cloud_config_header_is_told_so() -> None:
    (problem,) = check_user_data("# cloud-config\nhostname: x\n")
    assert problem.advice == "Write the first line exactly as #cloud-config."


def test_a_problem_inside_a_multipart_names_its_part_and_line() -> None:
    (problem,) = check_user_data(multipart([Part("#!/bin/sh\n", "a"), Part("#cloud-config\nhostnam: x\n", "b.yaml")]))
    assert problem.message == "part 2 (b.yaml), line 2: unknown key 'hostnam' in cloud-config"
