"""The typed classes say what the declarations say."""

import inspect
from typing import Any

import pytest

from pulumi_ahv.dynamic import guest_tools as tools_face
from pulumi_ahv.dynamic import image as face
from pulumi_ahv.dynamic import payload as payload_face
from pulumi_ahv.dynamic import pool as pool_face
from pulumi_ahv.dynamic import template_vm as template_face
from pulumi_ahv.schema import guest_tools as tools_declared
from pulumi_ahv.schema import image as declared
from pulumi_ahv.schema import pool as pool_declared
from pulumi_ahv.schema import pool_guest as guest_declared
from pulumi_ahv.schema import template_vm as template_declared
from pulumi_ahv.schema.fields import Bag, facts_of
from pulumi_ahv.schema.package import RESOURCES

FACES = {
    "GuestTools": tools_face.GuestTools,
    "Image": face.Image,
    "Pool": pool_face.Pool,
    "TemplateVm": template_face.TemplateVm,
}
OBJECTS = [
    (face.ImageSourceArgs, declared.ImageSource),
    (face.ImageChecksumArgs, declared.ImageChecksum),
    (face.S3ObjectArgs, declared.S3Object),
    (pool_face.PoolNamingArgs, pool_declared.PoolNaming),
    (pool_face.PoolPayloadArgs, pool_declared.PoolPayload),
    (payload_face.PoolWindowsArgs, guest_declared.PoolWindows),
    (pool_face.PoolDomainArgs, guest_declared.PoolDomain),
    (pool_face.PoolNetworkArgs, guest_declared.PoolNetwork),
    (pool_face.PoolReadinessArgs, pool_declared.PoolReadiness),
    (pool_face.PoolRolloutArgs, pool_declared.PoolRollout),
    (pool_face.PoolGuestToolsArgs, tools_declared.PoolGuestTools),
    (tools_face.GuestToolsInstallArgs, tools_declared.GuestToolsInstall),
    (template_face.TemplateDiskArgs, template_declared.TemplateDisk),
    (template_face.TemplateVmPayloadArgs, template_declared.TemplateVmPayload),
    (template_face.TemplateVmGuestToolsArgs, tools_declared.TemplateVmGuestTools),
]
CLASSES = [(resource, FACES[resource.name]) for resource in RESOURCES]


def written(model: type[Bag]) -> list[str]:
    return [name for name in model.model_fields if not facts_of(model, name).computed]


def test_every_resource_has_a_face() -> None:
    assert set(FACES) == {resource.name for resource in RESOURCES}


@pytest.mark.parametrize(("resource", "cls"), CLASSES)
def test_a_class_takes_exactly_the_declared_properties(resource: Any, cls: type) -> None:
    parameters = set(inspect.signature(cls.__init__).parameters) - {"self", "resource_name", "opts"}
    assert parameters == set(written(resource.inputs))


@pytest.mark.parametrize(("resource", "cls"), CLASSES)
def test_only_required_properties_have_no_default(resource: Any, cls: type) -> None:
    for name, parameter in inspect.signature(cls.__init__).parameters.items():
        field = resource.inputs.model_fields.get(name)
        if field:
            must = field.is_required() and not facts_of(resource.inputs, name).filled
            assert (parameter.default is inspect.Parameter.empty) == must, name


@pytest.mark.parametrize(("resource", "cls"), CLASSES)
def test_every_argument_is_explained(resource: Any, cls: type) -> None:
    text = inspect.getdoc(cls.__init__) or ""
    assert [name for name in written(resource.inputs) if f"\n    {name}: " not in text] == []


@pytest.mark.parametrize(("resource", "cls"), CLASSES)
def test_every_output_is_a_documented_property(resource: Any, cls: type) -> None:
    for name in set(resource.outputs.model_fields) - {"claim"}:
        found = getattr(cls, name)
        assert isinstance(found, property), name
        assert found.__doc__, name


@pytest.mark.parametrize(("args", "model"), OBJECTS)
def test_nested_arguments_have_exactly_the_declared_keys(args: type, model: type[Bag]) -> None:
    assert set(args.__annotations__) == set(written(model))
