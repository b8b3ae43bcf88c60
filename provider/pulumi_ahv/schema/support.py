"""Which product takes which property: read from the declarations by who calls Prism, by the pages and by the tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pulumi_ahv.schema.fields import Bag, Facts, Support, bag_in, facts_of, wire_name

ProductWord = Literal["central", "element"]


def support(facts: Facts, product: ProductWord) -> Support:
    """What a product makes of a property."""
    return facts.central if product == "central" else facts.element


def written_properties(model: type[Bag], prefix: str = "") -> Iterator[tuple[str, Facts]]:
    """Every property that a user may write, with the path of those inside objects: ``source.url``."""
    for name, field in model.model_fields.items():
        facts = facts_of(model, name)
        if facts.computed:
            continue
        path = f"{prefix}{wire_name(model, name)}"
        yield path, facts
        if inner := bag_in(field.annotation):
            yield from written_properties(inner, f"{path}.")
