"""cloud-config is checked as cloud-init reads it, with line and column of each problem."""

from __future__ import annotations

import re

import pytest

from pulumi_ahv.payload.cloudinit.cloudconfig import check_cloud_config
from pulumi_ahv.payload.findings import Problem


def only(text: str) -> Problem:
    (problem,) = check_cloud_config(f"#cloud-config\n{text}")
    return problem


def test_a_usual_document_has_no_problems() -> None:
    text = """#cloud-config
hostname: agent-1
users:
  - default
  - {name: runner, groups: [docker], sudo: "ALL=(ALL) NOPASSWD:ALL", lock_passwd: true, uid: 1500}
ssh_pwauth: false
write_files:
  - {path: /etc/a, content: "x", permissions: "0600", encoding: b64, append: true}
packages: [htop, [nginx, "1.2"], {apt: [x]}]
runcmd: [ls, [ls, -l], null]
ntp:
power_state: {mode: poweroff, delay: now, condition: true}
mounts: [[sdb, /data, ext4]]
swap: {size: auto, maxsize: 2G}
manage_etc_hosts: localhost
"""
    assert check_cloud_config(text) == []


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    problem = only("hostnam: x")
    assert (problem.code, problem.line, problem.column, problem.fatal) == ("unknown-key", 2, 1, True)
    assert problem.advice == "Did you mean 'hostname'?"


def test_a_nested_unknown_key_is_placed_where_it_stands() -> None:
    problem = only("users:\n  - name: a\n    shel: /bin/sh")
    assert (problem.message, problem.line, problem.column) == ("unknown key 'shel' in users[0]", 4, 5)


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("hostname: 12", "hostname is a whole number; it must be text", "Put it into quotes."),
        ("runcmd: ls", "runcmd is text; it must be a list", ""),
        ('package_update: "yes"', "package_update is text; it must be true or false", ""),
        ("users: [{name: a, uid: 1.5}]", "users[0].uid is a number; it must be a whole number", ""),
        ("write_files: [{path: /a, permissions: 0644}]", "write_files[0].permissions is a whole number; it must be text", "Put it into quotes."),
        ("users: [{name: a, expiredate: 2032-09-01}]", "users[0].expiredate is a date; it must be text", "Put it into quotes."),
    ],
)  # fmt: skip
def test_a_wrong_type_says_what_is_there_and_what_must_be(text: str, message: str, advice: str) -> None:
    problem = only(text)
    assert (problem.code, problem.message) == ("wrong-type", message)
    assert problem.advice == advice


def test_a_value_that_is_none_of_the_choices_names_them_and_the_nearest() -> None:
    problem = only("power_state: {mode: powerof}")
    assert problem.message == "power_state.mode is 'powerof'; it must be one of poweroff, reboot, halt"
    assert problem.advice == "Did you mean 'poweroff'?"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("write_files: [{content: x}]", "missing-key"),
        ("users: [{shell: /bin/sh}]", "missing-key"),
        ("yum_repos: {a: {name: x}}", "missing-key"),
        ("mount_default_fields: [a]", "wrong-length"),
        ("runcmd: []", "wrong-length"),
        ("apt: {}", "empty"),
        ("ntp: {pools: [a, a]}", "repeated"),
        ("power_state: {mode: halt, delay: -5}", "out-of-range"),
        ("swap: {size: 2X}", "not-allowed"),
        ("reporting: {a: {type: webhook, endpoint: x, timeout: -1}}", "out-of-range"),
        ("growpart: {mode: true}", "wrong-type"),
        ("1: x", "unknown-key"),
        ("? [a, b]\n: x", "yaml"),
        ("users: {a: b}\nchpasswd: {users: [{name: a, type: RANDOM, password: x}]}", "unknown-key"),
        ("grub_dpkg: {enable: true}", "unknown-key"),
    ],
)
def test_other_rules_have_codes_of_their_own(text: str, code: str) -> None:
    assert only(text).code == code


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("users: [{name: a, ssh-authorized-keys: [k]}]", "Write ssh_authorized_keys."),
        ("apt_update: true", "Write package_update."),
        ("chpasswd: {list: 'a:b'}", "Write chpasswd.users: a list of {name, password, type}."),
        ("users: [{name: a, sudo: false}]", "Write null or the text of a sudo rule."),
        ("manage_etc_hosts: template", "Write true."),
    ],
)
def test_deprecated_forms_are_warnings_that_say_what_to_write(text: str, advice: str) -> None:
    problem = only(text)
    assert (problem.code, problem.fatal, problem.advice) == ("deprecated", False, advice)


def test_a_key_written_twice_is_a_warning_because_only_the_last_counts() -> None:
    problem = only("runcmd: [a]\nruncmd: [b]")
    assert (problem.code, problem.line, problem.fatal) == ("repeated-key", 3, False)


def test_keys_merged_from_an_anchor_are_checked_where_they_stand() -> None:
    text = "users:\n  - &base {name: a, shel: x}\n  - {<<: *base, name: b}"
    assert {(problem.line, problem.column) for problem in check_cloud_config(text)} == {(2, 21)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not YAML"),
        ("a: b: c", "not YAML"),
        ("a: !tag x", "tag '!tag'"),
        ("a: \x01", "U\\+0001"),
        ("a: 2026-02-31", "no value"),
        ("? [a]\n: 1", "unhashable"),
        ("[" * 1500, "nested too deeply|not YAML"),
    ],
)
def test_what_is_no_yaml_is_one_problem_with_its_line(text: str, said: str) -> None:
    (problem,) = check_cloud_config(text)
    assert (problem.code, problem.line) == ("yaml", 1)
    assert re.search(said, problem.message)


def test_a_list_at_the_top_is_refused() -> None:
    assert only("- a").message == "a cloud-config is a mapping of keys; cloud-init skips this"


def test_a_document_that_unfolds_without_end_is_checked_in_no_time() -> None:
    levels = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    assert len(check_cloud_config("\n".join(levels))) == 30


def test_a_mapping_that_holds_itself_is_checked() -> None:
    assert check_cloud_config("users: &a [*a]")[0].code in {"wrong-type", "yaml"}


def test_an_empty_document_is_fine() -> None:
    assert check_cloud_config("#cloud-config\n") == []
