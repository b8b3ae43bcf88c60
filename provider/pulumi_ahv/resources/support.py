"""Holds inputs against what the product takes, as the declarations say: refused, or left out with a word about it."""

from __future__ import annotations

from typing import Any, TypeVar

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.values import Product, SiteInfo
from pulumi_ahv.schema.fields import Bag, facts_of, wire_name
from pulumi_ahv.schema.support import ProductWord, support

Inputs = TypeVar("Inputs", bound=Bag)
_WORDS: dict[Product, ProductWord] = {Product.CENTRAL: "central", Product.ELEMENT: "element"}


def fitted(inputs: Inputs, info: SiteInfo, progress: Progress, *, name: str) -> Inputs:
    """The inputs without what this product ignores; each of that is told in a line.

    Raises:
        InputError: a property is set that this product refuses.
    """
    return _Fitting(info, progress, name).bag(inputs, "")


class _Fitting:
    def __init__(self, info: SiteInfo, progress: Progress, name: str) -> None:
        self._info = info
        self._progress = progress
        self._name = name

    def bag(self, inputs: Inputs, prefix: str) -> Inputs:
        changes: dict[str, Any] = {}
        for field in type(inputs).model_fields:
            value = getattr(inputs, field)
            if not value:
                continue
            path = f"{prefix}{wire_name(type(inputs), field)}"
            if not self._takes(type(inputs), field, path):
                changes[field] = None
            elif isinstance(value, Bag):
                changes[field] = self.bag(value, f"{path}.")
        return inputs.model_copy(update=changes)

    def _takes(self, model: type[Bag], field: str, path: str) -> bool:
        """Whether the property counts here."""
        product = self._info.product
        fit = support(facts_of(model, field), _WORDS[product])
        if fit.word == "refused":
            other = next(one for one in Product if one is not product)
            said = f"{self._info.url} is a {product}, which {fit.why}"
            raise InputError(path, said, advice=f"Leave it out, or use a connection to a {other}.")
        if fit.word == "ignored":
            self._progress(f"{self._name}: '{path}' is left out: {self._info.url} is a {product}, which {fit.why}")
        return fit.word == "supported"
