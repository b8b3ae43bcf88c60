from uuid import UUID

from pulumi_ahv.prism.dispatch import Intention

ONE = Intention("stack/golden", "Creating image 'golden'", {"name": "golden", "size": 1})


def test_the_same_intention_has_the_same_request_ids_in_every_process() -> None:
    assert ONE.request_id(0) == "f1a368d0-1199-519c-90c5-5cfe550104f7"


def test_request_ids_are_uuids_and_differ_by_attempt() -> None:
    ids = [UUID(ONE.request_id(attempt)) for attempt in range(10)]
    assert len(set(ids)) == 10


def test_another_key_or_another_body_is_another_call() -> None:
    others = [Intention("stack/silver", ONE.doing, ONE.body), Intention(ONE.key, ONE.doing, {"name": "golden"})]
    assert ONE.request_id(0) not in {other.request_id(0) for other in others}


def test_words_and_the_order_of_fields_do_not_matter() -> None:
    same = Intention(ONE.key, "Finishing image 'golden'", {"size": 1, "name": "golden"})
    assert same.request_id(3) == ONE.request_id(3)
