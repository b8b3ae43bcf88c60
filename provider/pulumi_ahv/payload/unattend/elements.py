"""How elements of an answer file are written: escaped, indented, and in the namespace wherever they are put."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_ahv.payload.quoting import xml_text

NAMESPACE = "urn:schemas-microsoft-com:unattend"
WCM = "http://schemas.microsoft.com/WMIConfig/2002/State"
ADD = 'wcm:action="add"'


@dataclass(frozen=True)
class Node:
    """One element to write: text, or children."""

    name: str
    content: str | tuple[Node, ...] = ()
    attributes: str = ""


def component(name: str, nodes: Iterable[Node], *, declared: bool = False) -> list[str]:
    """The lines of a component. ``declared`` lets it bring its namespaces along, for a document that is not ours."""
    namespaces = f' xmlns="{NAMESPACE}" xmlns:wcm="{WCM}"' if declared else ""
    head = (
        f'    <component name="{name}" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" '
        f'language="neutral" versionScope="nonSxS"{namespaces}>'
    )
    return [head, *(line for node in nodes for line in _written(node, 6)), "    </component>"]


def given(**texts: str) -> list[Node]:
    """An element for each text that is not empty: Windows stops at empty ones."""
    return [Node(name, text) for name, text in texts.items() if text]


def listed(name: str, values: Iterable[str]) -> tuple[Node, ...]:
    """The items of a list whose keys are numbers."""
    return tuple(Node(name, value, f'{ADD} wcm:keyValue="{number}"') for number, value in enumerate(values, 1))


def _written(node: Node, indent: int) -> list[str]:
    space = " " * indent
    start = f"{node.name} {node.attributes}" if node.attributes else node.name
    if isinstance(node.content, str):
        return [f"{space}<{start}>{xml_text(node.content)}</{node.name}>"]
    inner = [line for child in node.content for line in _written(child, indent + 2)]
    return [f"{space}<{start}>", *inner, f"{space}</{node.name}>"]
