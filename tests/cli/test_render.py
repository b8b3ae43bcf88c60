"""``ahv render`` shows what a payload becomes, and exits 1 over errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from pulumi_ahv.cli.render import render

SETTINGS = """
layout: noCloud
variables: {user: bob}
secrets: {pw: hunter22}
members:
  - {name: agent-1, slot: 1, nics: [{addresses: [10.0.0.5/24]}]}
  - {name: agent-2, slot: 2}
"""
USER_DATA = "#cloud-config\nusers:\n  - name: {{ user }}\n    passwd: {{ pw | yaml }}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    templates = tmp_path / "templates"
    (templates / "files/sub").mkdir(parents=True)
    (templates / "user-data.yaml").write_text(USER_DATA)
    (templates / "files/sub/raw.bin").write_bytes(b"\xff{{ name }}")
    (templates / "files/hello.txt.j2").write_text("hello {{ name }}\n")
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    return templates


def ahv(*args: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(render)
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_every_member_is_shown_with_digest_delivery_and_files(folder: Path) -> None:
    result = ahv(folder, "-s", folder.parent / "settings.yaml")
    assert result.exit_code == 0, result.output
    for line in (
        "member agent-1",
        "member agent-2",
        "  - name: bob",
        "hello agent-2",
        "--- network-config",
        "--- sub/raw.bin",
    ):
        assert line in result.output
    assert "auto is cdrom: a disc of ours: Prism writes config drives" in result.output


def test_secrets_are_masked_unless_asked_for(folder: Path) -> None:
    masked = ahv(folder, "-s", folder.parent / "settings.yaml")
    clear = ahv(folder, "-s", folder.parent / "settings.yaml", "--show-secrets")
    assert "hunter22" not in masked.output
    assert 'passwd: "[secret]"' in masked.output
    assert 'passwd: "hunter22"' in clear.output


def test_json_carries_all_of_one_member(folder: Path) -> None:
    result = ahv(folder, "-s", folder.parent / "settings.yaml", "-m", "agent-1", "--format", "json")
    (member,) = json.loads(result.output)["members"]
    assert (member["name"], member["label"], member["carriesSecret"], member["findings"]) == (
        "agent-1",
        "cidata",
        True,
        [],
    )
    assert member["files"]["hello.txt"] == "hello agent-1\n"
    assert member["files"]["sub/raw.bin"] == "base64:/3t7IG5hbWUgfX0="


def test_an_error_is_shown_with_its_place_and_exits_1(folder: Path) -> None:
    (folder / "user-data.yaml").write_text("#cloud-config\nhostnam: {{ user }}\n")
    result = ahv(folder, "-s", folder.parent / "settings.yaml")
    assert result.exit_code == 1
    assert "user-data.yaml:2:1: error: unknown key 'hostnam' in cloud-config. Did you mean 'hostname'?" in result.output


def test_a_diff_shows_what_other_settings_would_change(folder: Path) -> None:
    other = folder.parent / "other.yaml"
    other.write_text(SETTINGS.replace("bob", "alice").replace("hunter22", "other-pw"))
    result = ahv(folder, "-s", folder.parent / "settings.yaml", "--against", other, "-m", "agent-1")
    assert result.exit_code == 0
    assert "# agent-1: digest " in result.output
    assert "-  - name: bob\n+  - name: alice\n" in result.output
    assert "other-pw" not in result.output


def test_a_changed_secret_shows_in_the_digest_only(folder: Path) -> None:
    other = folder.parent / "other.yaml"
    other.write_text(SETTINGS.replace("hunter22", "other-pw"))
    result = ahv(folder, "-s", folder.parent / "settings.yaml", "--against", other, "-m", "agent-1")
    assert result.output.count("\n") == 1
    assert result.output.startswith("# agent-1: digest ")


def test_equal_settings_change_nothing(folder: Path) -> None:
    same = folder.parent / "settings.yaml"
    assert ahv(folder, "-s", same, "--against", same).output == "Nothing changes.\n"


def test_a_disc_is_written_for_one_vm(folder: Path, tmp_path: Path) -> None:
    settings = folder.parent / "settings.yaml"
    result = ahv(folder, "-s", settings, "-m", "agent-1", "--iso", tmp_path / "out", "--uuid", "u-1")
    assert result.exit_code == 0, result.output
    content = (tmp_path / "out/agent-1.iso").read_bytes()
    assert b'"instance-id": "u-1"' in content
    assert b"hunter22" in content


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--iso", "out"], "a disc is made for one VM"),
        (["--iso", "out", "--uuid", "u"], "one UUID makes one disc"),
        (["-m", "nobody"], "There are: agent-1, agent-2."),
        (["--prism", "cloud"], "neither central nor element"),
    ],
)
def test_a_wrong_option_says_what_to_change(folder: Path, args: list[str], said: str) -> None:
    result = ahv(folder, "-s", folder.parent / "settings.yaml", *args)
    assert result.exit_code == 1
    assert said in result.output


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("layot: x", "layot"),
        ("members: [{nam: x}]", "members.0.name"),
        ("a: [", "settings.yaml:1"),
        ("gzipOver: -1", "gzipOver"),
    ],
)
def test_wrong_settings_are_told_by_their_path(folder: Path, settings: str, said: str) -> None:
    (folder.parent / "settings.yaml").write_text(settings)
    result = ahv(folder, "-s", folder.parent / "settings.yaml")
    assert result.exit_code == 1
    assert said in result.output


def test_a_windows_folder_needs_no_settings_at_all(tmp_path: Path) -> None:
    (tmp_path / "unattend.xml.j2").write_text("<a>{{ name }}</a>")
    result = ahv(tmp_path)
    assert result.exit_code == 1
    assert "generalize the template with sysprep" in result.output
    assert "unattend.xml.j2:1:1: error: the root element is 'a'" in result.output


def exported(tmp_path: Path, template: str) -> Path:
    """A stack as `pulumi stack export` writes it, with one pool of two members."""
    inputs = {
        "__provider": "gASV",
        "name": "agents",
        "template": "t-1",
        "size": 2,
        "owner": "lab/dev/agents",
        "payload": {
            "template": template,
            "secrets": {
                "pw": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
            },
        },
        "members": {"agent-001": {"slot": 0}, "agent-002": {"slot": 1}},
    }
    urn = "urn:pulumi:dev::lab::pulumi-python:dynamic/ahv:Pool::agents"
    resource = {"urn": urn, "type": "pulumi-python:dynamic/ahv:Pool", "inputs": inputs}
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": [resource]}}))
    return path


def test_a_pool_of_an_exported_stack_is_rendered_with_its_secrets_masked(tmp_path: Path) -> None:
    stack = exported(tmp_path, "#!/bin/sh\necho {{ name }} {{ slot }} {{ pw }}\n")
    result = ahv("--stack", stack, "--pool", "agents")
    assert result.exit_code == 0, result.output
    assert "echo agent-001 0 [secret]" in result.output
    assert "echo agent-002 1 [secret]" in result.output
    assert "echo agent-001" not in ahv("--stack", stack, "--pool", "agents", "-m", "agent-002").output


def test_a_secret_that_the_export_hides_decides_the_delivery_all_the_same(tmp_path: Path) -> None:
    result = ahv("--stack", exported(tmp_path, "#cloud-config\npassword: {{ pw | yaml }}\n"), "--pool", "agents")
    assert "auto is cdrom: a disc of ours: the payload carries a secret" in result.output


def test_what_a_program_sealed_as_a_whole_is_rendered_from_an_export_that_shows_secrets(tmp_path: Path) -> None:
    stack = exported(tmp_path, "#!/bin/sh\necho {{ name }} {{ pw }} {{ domain.password }}\n")
    document = json.loads(stack.read_text())
    (pool,) = (each for each in document["deployment"]["resources"] if each["type"].endswith(":Pool"))
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    pool["inputs"]["payload"]["secrets"] = {**mark, "plaintext": json.dumps({"pw": "hunter2"})}
    pool["inputs"]["payload"]["templateTexts"] = {**mark, "ciphertext": "v1:x"}
    pool["inputs"]["fallback"] = {**mark, "ciphertext": "v1:x"}
    password = {**mark, "plaintext": json.dumps("hunter3")}
    pool["inputs"]["domain"] = {"name": "corp.example", "account": "joiner", "password": password}
    stack.write_text(json.dumps(document))
    result = ahv("--stack", stack, "--pool", "agents")
    assert result.exit_code == 0, result.output
    assert "echo agent-001 [secret] [secret]" in result.output
    assert "hunter" not in result.output


def test_the_only_pool_of_a_stack_needs_no_name(tmp_path: Path) -> None:
    result = ahv("--stack", exported(tmp_path, "#!/bin/sh\necho {{ name }}\n"))
    assert result.exit_code == 0, result.output
    assert "echo agent-002" in result.output


def test_secrets_of_which_not_even_the_names_are_exported_are_told_with_the_option_that_shows_them(
    tmp_path: Path,
) -> None:
    stack = exported(tmp_path, "#!/bin/sh\necho {{ pw }}\n")
    document = json.loads(stack.read_text())
    (pool,) = (each for each in document["deployment"]["resources"] if each["type"].endswith(":Pool"))
    pool["inputs"]["payload"]["secrets"] = pool["inputs"]["payload"]["secrets"]["pw"]
    stack.write_text(json.dumps(document))
    result = ahv("--stack", stack)
    assert result.exit_code == 1
    assert "payload.secrets: even their names are encrypted in this export" in result.output
    assert "--show-secrets" in result.output


def test_a_member_that_the_pool_does_not_have_is_told_with_those_it_has(tmp_path: Path) -> None:
    result = ahv("--stack", exported(tmp_path, "#!/bin/sh\n"), "--member", "agent-009")
    assert result.exit_code == 1
    assert "--member: there is no 'agent-009'. There are: agent-001, agent-002." in result.output


def test_a_pool_that_the_stack_does_not_have_is_told_with_those_it_has(tmp_path: Path) -> None:
    result = ahv("--stack", exported(tmp_path, "#!"), "--pool", "desktops")
    assert result.exit_code == 1
    assert "there is no 'desktops'. The stack has: agents." in result.output


def test_a_broken_template_of_a_pool_exits_1_with_its_place(tmp_path: Path) -> None:
    result = ahv("--stack", exported(tmp_path, "#cloud-config\nhostnam: x\n"), "--pool", "agents")
    assert result.exit_code == 1
    assert "payload.template:2:1: unknown key 'hostnam'" in result.output


def test_without_folder_and_stack_there_is_nothing_to_render() -> None:
    assert "Name a folder, or give --stack and --pool." in ahv().output
