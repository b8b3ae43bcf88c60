"""Projects and their configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_ahv.engine.passphrase import PassphraseCipher, PlainCipher
from pulumi_ahv.engine.project import find_project, read_stack_file, stack_config
from pulumi_ahv.kernel.errors import ConfigError


def _project(directory: Path, text: str) -> Path:
    (directory / "Pulumi.yaml").write_text(text)
    return directory


def test_a_project_is_found_from_below(tmp_path: Path) -> None:
    _project(tmp_path, "name: proj\nruntime: python\nmain: src\n")
    (tmp_path / "a" / "b").mkdir(parents=True)

    project = find_project(tmp_path / "a" / "b")

    assert (project.name, project.directory, project.main) == ("proj", tmp_path, tmp_path / "src")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: proj\nruntime: go\n", "use the pulumi command"),
        ("name: proj\nruntime: {name: yaml}\n", "'yaml'"),
        ("runtime: python\n", "no name"),
        ("- a\n", "no mapping"),
        ("a: [\n", "Pulumi.yaml"),
    ],
)
def test_a_project_that_cannot_be_run_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        find_project(_project(tmp_path, text))


def test_a_directory_without_a_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no Pulumi\.yaml"):
        find_project(tmp_path)


def test_a_virtual_environment_that_is_none_is_named(tmp_path: Path) -> None:
    text = "name: proj\nruntime: {name: python, options: {virtualenv: venv}}\n"

    with pytest.raises(ConfigError, match="venv"):
        _ = find_project(_project(tmp_path, text)).python


def test_configuration_is_put_together_from_all_its_places(tmp_path: Path) -> None:
    cipher = PassphraseCipher.new("p")
    project = find_project(
        _project(
            tmp_path,
            "name: proj\nruntime: python\nconfig:\n  size: {default: 3}\n  image: golden\n  ahv:insecure: {value: true}\n",
        )
    )
    (tmp_path / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {cipher.salt}\nconfig:\n  proj:size: 007\n  ahv:password: {{secure: '{cipher.encrypt('s3cret')}'}}\n"
        "  ahv:connections: [{name: berlin, port: 9440}]\n"
    )
    file = read_stack_file(project, "dev")

    config = stack_config(project, file, lambda: cipher, plain={"extra": "1"}, secret={"ahv:token": "t"})

    assert file.salt == cipher.salt
    assert config.values == {
        "proj:size": "007",
        "proj:image": "golden",
        "ahv:insecure": "true",
        "ahv:password": "s3cret",
        "ahv:connections": '[{"name":"berlin","port":9440}]',
        "proj:extra": "1",
        "ahv:token": "t",
    }
    assert config.secret_keys == {"ahv:password", "ahv:token"}


def test_a_secret_inside_an_object_makes_it_secret(tmp_path: Path) -> None:
    project = find_project(_project(tmp_path, "name: proj\nruntime: python\n"))
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  site: {user: admin, password: {secure: hidden}}\n")

    config = stack_config(project, read_stack_file(project, "dev"), PlainCipher)

    assert config.values == {"proj:site": '{"user":"admin","password":"hidden"}'}
    assert config.secret_keys == {"proj:site"}


def test_a_provider_gets_its_own_namespace_and_dynamic_resources_get_all(tmp_path: Path) -> None:
    project = find_project(_project(tmp_path, "name: proj\nruntime: python\n"))
    config = stack_config(project, read_stack_file(project, "dev"), PlainCipher, plain={"ahv:a": "1", "b": "2"})

    assert config.for_package("ahv") == {"a": "1"}
    assert config.for_package("pulumi-python") == {"ahv:a": "1", "proj:b": "2"}
