from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from pulumi_ahv.kernel.secrets import MASK, Scrubber, Secret


def test_a_secret_shows_itself_nowhere_but_on_demand() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "hunter2"


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")


@given(st.text(min_size=3, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_a_scrubbed_text_never_holds_the_secret(secret: str, before: str, after: str) -> None:
    scrubbed = Scrubber([Secret(secret)]).scrub(before + secret + after)
    assert secret not in scrubbed.replace(MASK, "")


def test_a_secret_is_found_in_base64_too() -> None:
    header = b64encode(b"hunter22").decode()
    assert "hunter" not in Scrubber(["hunter22"]).scrub(f"Authorization: Basic {header}")
    assert header not in Scrubber(["hunter22"]).scrub(f"Authorization: Basic {header}")


def test_very_short_secrets_do_not_blacken_the_text() -> None:
    assert Scrubber(["a"]).scrub("a banana") == "a banana"
