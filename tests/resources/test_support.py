"""Every property that a product refuses, as the table of properties and products has it, is refused by its path."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.values import Product, SiteInfo
from pulumi_ahv.resources.support import fitted
from pulumi_ahv.schema.fields import Bag
from pulumi_ahv.schema.pool import PoolInputs
from pulumi_ahv.schema.support import ProductWord, support, written_properties
from pulumi_ahv.schema.template_vm import TemplateVmInputs

PRODUCTS = {"central": Product.CENTRAL, "element": Product.ELEMENT}
REFUSED = [
    pytest.param(model, path, product, id=f"{model.__name__}-{path}-{product}")
    for model in (TemplateVmInputs, PoolInputs)
    for path, facts in written_properties(model)
    for product in get_args(ProductWord)
    if support(facts, product).word == "refused"
]
USUAL: dict[type[Bag], dict[str, Any]] = {
    TemplateVmInputs: {"name": "golden", "owner": "a/b/c", "disks": [{"size": 1}], "vcpus": 1, "memory": 64},
    PoolInputs: {"name": "agents", "owner": "a/b/c", "template": "t", "size": 1},
}
SAMPLES: dict[str, dict[str, Any]] = {
    "vtpm": {"vtpm": True},
    "categories": {"categories": ["Environment:Testing"]},
    "payload.path": {"payload": {"delivery": "path", "path": "adsf:///container/{{ name }}"}},
}


def info(product: str) -> SiteInfo:
    return SiteInfo("default", "https://prism:9440", PRODUCTS[product], "7.3", {})


@pytest.mark.parametrize(("model", "path", "product"), REFUSED)
def test_what_a_product_refuses_is_told_by_its_path(model: type[Bag], path: str, product: str) -> None:
    inputs = model.model_validate({**USUAL[model], **SAMPLES[path]})
    with pytest.raises(InputError, match=rf"^{path}: https://prism:9440 is a Prism {product.title()}, which"):
        fitted(inputs, info(product), silent, name="it")


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("model", USUAL)
def test_the_usual_inputs_are_taken_by_both(model: type[Bag], product: str) -> None:
    inputs = model.model_validate(USUAL[model])
    assert fitted(inputs, info(product), silent, name="it") == inputs
