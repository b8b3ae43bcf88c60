from hypothesis import given
from hypothesis import strategies as st

from pulumi_ahv.resources.mark import MAX_OWNER, Mark, without_mark

MARK = Mark.of("shop/prod/golden image", "image", differs_by=("sha256:1",), claim="b64c01")


def test_a_mark_is_readable_for_a_person() -> None:
    assert MARK.write("Our base.") == f"Our base.\n[pulumi-ahv shop/prod/golden%20image image {MARK.generation} b64c01]"


@given(st.text(max_size=300), st.text(st.characters(blacklist_categories=("Cs",)), max_size=200))
def test_any_owner_and_text_are_read_back(owner: str, text: str) -> None:
    mark = Mark.of(f"p/s/{owner.encode('utf-8', 'replace').decode()}", "image", differs_by=(), claim="x1")
    written = mark.write(text)
    assert Mark.read(written) == mark
    assert without_mark(written) == text.rstrip("\n")


def test_a_description_without_a_mark_has_none() -> None:
    assert Mark.read("made by hand [pulumi-ahv]") is None


def test_new_content_is_another_object_of_the_same_owner() -> None:
    other = Mark.of("shop/prod/golden image", "image", differs_by=("sha256:2",), claim="zz")
    assert MARK.is_same_owner(other)
    assert not MARK.is_same_object(other)


def test_whoever_adopts_an_object_renews_the_claim_and_it_stays_the_same_object() -> None:
    adopted = Mark.of("shop/prod/golden image", "image", differs_by=("sha256:1",), claim="ffff")
    assert MARK.is_same_object(adopted)
    assert adopted.fragment == MARK.fragment
    assert adopted != MARK


def test_nothing_is_of_the_same_owner_as_a_stranger() -> None:
    assert not MARK.is_same_owner(None)
    assert not MARK.is_same_object(None)


def test_a_very_long_owner_is_shortened_and_stays_distinct() -> None:
    long = ["p/s/" + "n" * 300 + end for end in "ab"]
    marks = [Mark.of(owner, "image", differs_by=(), claim="1") for owner in long]
    assert marks[0].owner != marks[1].owner
    assert all(len(mark.owner) <= MAX_OWNER + 13 for mark in marks)
