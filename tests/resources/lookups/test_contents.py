from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from golden import DISK, Forge

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.values import ImageType
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.resources.mark import Mark

Ask = Callable[..., Any]
MARK = Mark.of("shop/prod/golden", "image", differs_by=("x",), claim="first")


def refusal(ask: Ask, lookup: str, **bag: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        ask(lookup, **bag)
    return caught.value


def test_an_image_is_found_by_name_and_by_uuid_whoever_made_it(ask: Ask, make_image: Callable[..., str]) -> None:
    uuid = make_image("golden", "Made by hand.")
    found = ask("getImage", name="golden")
    assert (found.uuid, found.name, found.description, found.type) == (uuid, "golden", "Made by hand.", "disk")
    assert (found.size_bytes, found.owner) == (len(DISK), None)
    assert ask("getImage", name=uuid) == found


def test_an_image_of_a_program_names_its_owner_and_hides_its_mark(ask: Ask, make_image: Callable[..., str]) -> None:
    make_image("golden", MARK.write("Our base."))
    found = ask("getImage", name="golden")
    assert (found.description, found.owner) == ("Our base.", "shop/prod/golden")


def test_images_of_one_name_are_listed_with_what_tells_them_apart(ask: Ask, make_image: Callable[..., str]) -> None:
    one, other = make_image("golden"), make_image("golden", MARK.write(""))
    wrong = refusal(ask, "getImage", name="golden")
    assert wrong.path == "name"
    assert "has 2 images named 'golden'" in wrong.said
    assert f"{one} (disk, " in wrong.said
    assert f"{other} (disk, {len(DISK)} bytes, of shop/prod/golden)" in wrong.said
    assert ask("getImage", name=one).uuid == one


def test_the_type_tells_images_of_one_name_apart(ask: Ask, make_image: Callable[..., str]) -> None:
    make_image("golden")
    iso = make_image("golden", "Tools.", ImageType.ISO)
    assert ask("getImage", name="golden", type="iso").uuid == iso


def test_an_image_of_the_other_type_is_named(ask: Ask, make_image: Callable[..., str]) -> None:
    uuid = make_image("golden")
    wrong = refusal(ask, "getImage", name="golden", type="iso")
    assert (wrong.path, wrong.said) == ("type", f"image 'golden' ({uuid}) is of type disk, not iso")


def test_a_misspelt_image_names_the_nearest_ones(ask: Ask, make_image: Callable[..., str]) -> None:
    make_image("golden-october")
    wrong = refusal(ask, "getImage", name="golden-octobre")
    assert "has no image 'golden-octobre'" in wrong.said
    assert "Did you mean 'golden-october'?" in wrong.advice


def test_a_uuid_that_no_image_has_is_not_found(ask: Ask) -> None:
    wrong = refusal(ask, "getImage", name="11111111-2222-4333-8444-555555555555")
    assert "has no image '11111111-2222-4333-8444-555555555555'" in wrong.said


@pytest.fixture
def forge(site: MachineSite, clock: ManualClock) -> Forge:
    return Forge(site, clock)


def test_a_template_is_found_with_its_versions(ask: Ask, forge: Forge) -> None:
    made = forge.template("master")
    made = forge.version(made.uuid, "two")
    found = ask("getTemplate", name="master")
    assert (found.uuid, found.active_version, found.owner) == (made.uuid, "two", None)
    assert sorted(version.name for version in found.versions) == ["Initial Version", "two"]
    assert [version.uuid for version in found.versions if version.active] == [found.version_id]
    assert ask("getTemplate", name=made.uuid) == found


def test_a_misspelt_template_names_the_nearest_ones(ask: Ask, forge: Forge) -> None:
    forge.template("windows-11")
    wrong = refusal(ask, "getTemplate", name="windows-12")
    assert "has no template 'windows-12'" in wrong.said
    assert "Did you mean 'windows-11'?" in wrong.advice
