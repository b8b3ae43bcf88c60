"""Programs and steps on which the embedded engine and the real one have to agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Behaviour = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Step:
    """One command: up, preview, refresh or destroy. ``program`` is Python text, written with ``stage``."""

    command: str
    program: str = ""
    behaviour: Behaviour = field(default_factory=dict)
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """Steps on one stack. ``loose`` names steps in which siblings race, so that only the state is compared."""

    name: str
    steps: tuple[Step, ...]
    config: dict[str, str] = field(default_factory=dict)
    loose: tuple[int, ...] = ()


def up(program: str, behaviour: Behaviour | None = None, *flags: str) -> Step:
    return Step("up", program, behaviour or {}, flags)


def preview(program: str, behaviour: Behaviour | None = None, *flags: str) -> Step:
    return Step("preview", program, behaviour or {}, flags)


def refresh(behaviour: Behaviour | None = None, *flags: str) -> Step:
    return Step("refresh", "", behaviour or {}, flags)


def destroy(behaviour: Behaviour | None = None) -> Step:
    return Step("destroy", "", behaviour or {})


PAIR = """
a = Res("a", name="a", note="{note}", nest={{"k": [1, 2], "s": "t"}})
b = Res("b", note=a.uid, pw=secret("hidden"), lst=[1, secret("two")], obj={{"x": secret("y"), "z": 1}})
export("uid", b.uid)
export("pw", b.pw)
"""
NOTE = 'Res("a", name="a", note="{0}")\n'
FIRST = {"Diff": {"first": True}}
LAST = {"Diff": {"first": False}}
CHAIN = """
a = Res("a", name="{name}")
b = Res("b", name=a.uid)
c = Res("c", name=b.uid)
d = Res("d", name="d", opts=Opts(depends_on=[a]))
"""
TREE = """
a = Res("a", name="a")
comp = Comp("comp")
b = Res("b", note=a.uid, opts=Opts(parent=comp))
c = Res("c", name="c", opts=Opts(parent=b))
comp.done(uid=b.uid)
d = Res("d", name="d", opts=Opts(depends_on=[comp]))
"""
FOUR = """
a = Res("a", name="a")
b = Res("b", note=a.uid)
c = Res("c", note=b.uid)
d = Res("d", note=a.uid)
export("a", a.uid)
export("c", c.uid)
"""

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("secrets and wiring", (up(PAIR.format(note="1")), up(PAIR.format(note="1")))),
    Scenario("preview of a new stack", (preview(PAIR.format(note="1")),)),
    Scenario(
        "update",
        (
            up(PAIR.format(note="1")),
            preview(PAIR.format(note="2")),
            up(PAIR.format(note="2")),
            up(PAIR.format(note="2"), {}, "--expect-no-changes"),
            up(PAIR.format(note="3"), {}, "--expect-no-changes"),
        ),
    ),
    Scenario(
        "replacement, create first",
        tuple(
            step(f'a = Res("a", name="{name}")\nRes("b", note=a.uid)')
            for step, name in ((up, "1"), (preview, "2"), (up, "2"))
        ),
    ),
    Scenario(
        "replacement, delete first, with dependents",
        (
            up(CHAIN.format(name="1")),
            preview(CHAIN.format(name="2"), {"a": FIRST}),
            up(CHAIN.format(name="2"), {"a": FIRST}),
            destroy(),
        ),
    ),
    Scenario(
        "option delete_before_replace wins",
        (
            up('Res("a", name="1")\nRes("b", name="1")'),
            up(
                'Res("a", name="2", opts=Opts(delete_before_replace=True))\n'
                'Res("b", name="2", opts=Opts(delete_before_replace=False, depends_on=[]))',
                {"a": LAST, "b": FIRST},
            ),
        ),
    ),
    Scenario(
        "provider cannot tell",
        (
            up('Res("a", x=1, n={"k": [1, {"z": 1}]}, pw="p")'),
            up('Res("a", x=1, n={"k": [1, {"z": 1}]}, pw="p")', {"a": {"Diff": {"changes": "unknown"}}}),
            up('Res("a", x=1, n={"k": [1, {"z": 1}]}, pw=secret("p"))', {"a": {"Diff": {"changes": "unknown"}}}),
            up('Res("a", x=1, n={"k": [1, {"z": 2}]}, pw=secret("p"))', {"a": {"Diff": {"changes": "unknown"}}}),
            up(
                'Res("a", x=2, n={"k": [1, {"z": 2}]}, pw=secret("p"))',
                {"a": {"Diff": {"changes": "unknown", "replaces": ["x"], "first": True}}},
            ),
            up(
                'Res("a", x=2, n={"k": [1, {"z": 2}]}, pw=secret("p"))',
                {"a": {"Diff": {"changes": "unknown", "replaces": ["x"]}}},
            ),
            preview(
                'b = Res("b", name="b")\nRes("a", x=2, n={"k": [1, {"z": b.uid}]}, pw=secret("p"))',
                {"a": {"Diff": {"changes": "unknown"}}},
            ),
        ),
    ),
    Scenario(
        "ignored changes",
        (
            up('Res("a", x=1, n={"k": [1, 2], "l": 1})\nRes("b", x=1, n=1)'),
            up(
                'Res("a", x=2, n={"k": [1, 3], "l": 1}, y=1, opts=Opts(ignore_changes=["x", "n.k[1]", "y"]))\n'
                'Res("b", x=2, m=1, opts=Opts(ignore_changes=["*"]))'
            ),
            up(
                'Res("a", name="new", x=2, n={"k": [1, 3], "l": 1}, opts=Opts(ignore_changes=["x", "n.k[5]"]))\n'
                'Res("b", x=2, m=1, opts=Opts(ignore_changes=["*"]))'
            ),
        ),
    ),
    Scenario(
        "replace on changes",
        (
            up('Res("a", x=1, y=1)\nRes("b", x=1)\nRes("c", n={"k": 1})\nRes("d", x=1)'),
            up(
                'Res("a", x=2, y=1, opts=Opts(replace_on_changes=["x"]))\n'
                'Res("b", x=2, opts=Opts(replace_on_changes=["*"]))\n'
                'Res("c", n={"k": 2}, opts=Opts(replace_on_changes=["n.k"]))\n'
                'Res("d", x=2, opts=Opts(replace_on_changes=["x"]))',
                {
                    "b": {"Diff": {"changes": "unknown"}},
                    "c": {"Diff": {"detailed": ["n.k"]}},
                    "d": {"Diff": {"silent": True}},
                },
            ),
            up(
                'Res("a", x=2, y=2, opts=Opts(replace_on_changes=["x"]))\n'
                'Res("b", x=2)\nRes("c", n={"k": 2})\nRes("d", x=2)'
            ),
        ),
    ),
    Scenario("removed from the program", (up(FOUR), up('a = Res("a", name="a")\nexport("a", a.uid)'))),
    Scenario("destroy in layers", (up(TREE), up(TREE), destroy())),
    Scenario(
        "refresh",
        (
            up('a = Res("a", name="a", x=1)\nRes("b", note=a.uid)'),
            refresh(),
            refresh({"a": {"Read": {"outputs": {"x": 2}, "inputs": {"x": 2}}}}, "--expect-no-changes"),
            preview('a = Res("a", name="a", x=1)\nRes("b", note=a.uid)'),
            up('a = Res("a", name="a", x=1)\nRes("b", note=a.uid)'),
            refresh({"a": {"Read": {"outputs": {"x": 5}}}}),
            preview('a = Res("a", name="a", x=1)\nRes("b", note=a.uid)'),
            preview(
                'a = Res("a", name="a", x=1)\nRes("b", note=a.uid)',
                {"a": {"Read": {"outputs": {"x": 3}, "inputs": {"x": 3}}}},
                "--refresh",
                "--expect-no-changes",
            ),
        ),
    ),
    Scenario(
        "vanished",
        (
            up(FOUR),
            preview(FOUR, {"b": {"Read": {"missing": True}}}, "--refresh"),
            up(FOUR, {"b": {"Read": {"missing": True}}}, "--refresh"),
            refresh({"a": {"Read": {"missing": True}}}),
            up(FOUR),
        ),
    ),
    Scenario(
        "vanished parent",
        (up(TREE), refresh({"b": {"Read": {"missing": True}}})),
    ),
    Scenario(
        "look-up by id",
        (
            up(
                'a = Res("a", opts=Opts(id="ext-1"), x=1)\nRes("b", note=a.uid)',
                {"a": {"Read": {"outputs": {"uid": "u"}}}},
            ),
            preview(
                'a = Res("a", opts=Opts(id="ext-1"), x=1)\nRes("b", note=a.uid)',
                {"a": {"Read": {"outputs": {"uid": "v"}}}},
            ),
            up(
                'a = Res("a", opts=Opts(id="ext-1"), x=1)\nRes("b", note=a.uid)',
                {"a": {"Read": {"outputs": {"uid": "v"}}}},
            ),
            up('Res("b", note="v")'),
        ),
    ),
    Scenario(
        "look-up of what is not there", (up('Res("a", opts=Opts(id="ext-1"))', {"a": {"Read": {"missing": True}}}),)
    ),
    Scenario(
        "look-up becomes managed and back",
        (
            up('Res("a", opts=Opts(id="ext-1"), x=1)', {"a": {"Read": {"outputs": {"uid": "u"}}}}),
            up('Res("a", x=1)'),
            up('Res("a", opts=Opts(id="ext-2"), x=1)', {"a": {"Read": {"outputs": {"uid": "u"}}}}),
        ),
    ),
    Scenario(
        "import, equal",
        (
            up(
                'Res("a", x=1, opts=Opts(import_="ext-1"))',
                {"a": {"Read": {"outputs": {"x": 1, "uid": "u"}, "inputs": {"x": 1}}}},
            ),
            up('Res("a", x=1, opts=Opts(import_="ext-1"))'),
            up('Res("a", x=1)'),
        ),
    ),
    Scenario(
        "import, different",
        (
            preview(
                'Res("a", x=1, opts=Opts(import_="ext-1"))',
                {"a": {"Read": {"outputs": {"x": 2, "uid": "u"}, "inputs": {"x": 2}}}},
            ),
            up(
                'Res("a", x=1, opts=Opts(import_="ext-1"))',
                {"a": {"Read": {"outputs": {"x": 2, "uid": "u"}, "inputs": {"x": 2}}}},
            ),
        ),
    ),
    Scenario(
        "import that would replace",
        (
            preview(
                'Res("a", name="1", opts=Opts(import_="ext-1"))',
                {"a": {"Read": {"outputs": {"name": "2"}, "inputs": {"name": "2"}}}},
            ),
            up(
                'Res("a", name="1", opts=Opts(import_="ext-1"))',
                {"a": {"Read": {"outputs": {"name": "2"}, "inputs": {"name": "2"}}}},
            ),
        ),
    ),
    Scenario(
        "import of what is not there",
        (up('Res("a", x=1, opts=Opts(import_="ext-1"))', {"a": {"Read": {"missing": True}}}),),
    ),
    Scenario(
        "import without inputs",
        (up('Res("a", x=1, opts=Opts(import_="ext-1"))', {"a": {"Read": {"outputs": {"x": 1}}}}),),
    ),
    Scenario(
        "import over an existing resource",
        (
            up('Res("a", x=1)'),
            up(
                'Res("a", x=1, opts=Opts(import_="ext-1"))',
                {"a": {"Read": {"outputs": {"x": 1, "uid": "u"}, "inputs": {"x": 1}}}},
            ),
        ),
    ),
    Scenario(
        "create fails",
        (up(FOUR, {"c": {"Create": {"error": "no room"}}}), up(FOUR), destroy()),
    ),
    Scenario(
        "create fails, going on",
        (
            up(FOUR, {"b": {"Create": {"error": "no room"}}}, "--continue-on-error"),
            up(FOUR),
        ),
    ),
    Scenario(
        "check fails",
        (
            up(
                'a = Res("a", x=7)\nRes("b", note=a.uid)',
                {"b": {"Check": {"failures": [["note", "is bad"], ["", "all is bad"]]}}},
            ),
        ),
    ),
    Scenario("diff fails", (up('Res("a", x=1)'), up('Res("a", x=2)', {"a": {"Diff": {"error": "cannot compare"}}}))),
    Scenario("configure fails", (up('Res("a", x=1)', {"provider": {"Configure": {"error": "wrong password"}}}),)),
    Scenario(
        "check of the configuration fails",
        (up('Res("a", x=1)', {"provider": {"CheckConfig": {"error": "wrong configuration"}}}),),
    ),
    Scenario(
        "not well after create",
        (
            up('Res("a", x=1)', {"a": {"Create": {"init": ["slow", "very slow"]}}}),
            up('Res("a", x=1)', {"a": {"Update": {"init": ["still slow"]}}}),
            up('Res("a", x=1)'),
            up('Res("a", x=1)'),
        ),
    ),
    Scenario(
        "not well after update",
        (up('Res("a", x=1)'), up('Res("a", x=2)', {"a": {"Update": {"init": ["slow"]}}}), up('Res("a", x=2)')),
    ),
    Scenario(
        "not well at refresh",
        (
            up('Res("a", x=1)'),
            refresh({"a": {"Read": {"init": ["ill"], "inputs": {}}}}),
            up('Res("a", x=1, opts=Opts(replace_on_changes=["*"]))'),
        ),
    ),
    Scenario(
        "read fails at refresh", (up('Res("a", x=1)\nRes("b", x=1)'), refresh({"a": {"Read": {"error": "no answer"}}}))
    ),
    Scenario(
        "delete fails at removal",
        (
            up('a = Res("a", x=1)\nRes("b", note=a.uid)\nRes("c", x=1)'),
            up("", {"b": {"Delete": {"error": "in use"}}}),
            up(""),
        ),
    ),
    Scenario(
        "delete fails after replacement",
        (
            up('Res("a", name="1")'),
            up('Res("a", name="2")', {"a": {"Delete": {"error": "in use"}}}),
            up('Res("a", name="2")'),
        ),
    ),
    Scenario(
        "create fails after deletion",
        (
            up('Res("a", name="1")'),
            up('Res("a", name="2")', {"a": {**FIRST, "Create": {"error": "no room"}}}),
            refresh(),
            up('Res("a", name="2")', {"a": FIRST}),
        ),
    ),
    Scenario(
        "create fails after deletion, then create first",
        (
            up('Res("a", name="1")'),
            up('Res("a", name="2")', {"a": {**FIRST, "Create": {"error": "no room"}}}),
            up('Res("a", name="2")'),
        ),
    ),
    Scenario(
        "create fails after deletion, then removed",
        (
            up('Res("a", name="1")'),
            up('Res("a", name="2")', {"a": {**FIRST, "Create": {"error": "no room"}}}),
            up(""),
        ),
    ),
    Scenario(
        "protected",
        (
            up('Res("a", name="1", opts=Opts(protect=True))\nRes("b", x=1)'),
            up('Res("a", name="2", opts=Opts(protect=True))\nRes("b", x=1)'),
            preview('Res("a", name="2", opts=Opts(protect=True))\nRes("b", x=1)'),
            up('Res("b", x=1)'),
            destroy(),
            up('Res("a", name="2")\nRes("b", x=1)'),
        ),
        loose=(1, 4),
    ),
    Scenario(
        "retained on delete",
        (
            up('Res("a", name="1", opts=Opts(retain_on_delete=True))'),
            up('Res("a", name="2", opts=Opts(retain_on_delete=True))'),
            up(""),
        ),
    ),
    Scenario(
        "deleted with another",
        (
            up('a = Res("a", name="1")\nRes("b", x=1, opts=Opts(deleted_with=a))'),
            up('a = Res("a", name="2")\nRes("b", x=1, opts=Opts(deleted_with=a))'),
            destroy(),
        ),
    ),
    Scenario(
        "deleted with another, delete first",
        (
            up('a = Res("a", name="1")\nRes("b", x=1, opts=Opts(deleted_with=a))'),
            up('a = Res("a", name="2")\nRes("b", x=1, opts=Opts(deleted_with=a))', {"a": FIRST}),
        ),
    ),
    Scenario(
        "aliases",
        (
            up(
                'c = Comp("comp")\nb = Res("b", x=1, opts=Opts(parent=c))\nRes("k", note=b.uid, opts=Opts(parent=b))\nRes("old", x=1)'
            ),
            up(
                'b = Res("b", x=1, opts=Opts(aliases=[pulumi.Alias(parent=f"urn:pulumi:dev::proj::my:index:Comp::comp")]))\n'
                'Res("k", note=b.uid, opts=Opts(parent=b))\n'
                'Res("new", x=1, opts=Opts(aliases=[pulumi.Alias(name="old")]))'
            ),
            up('Res("newer", x=1)'),
        ),
    ),
    Scenario(
        "explicit provider",
        (
            up('p = Prov("p", region="1", pw=secret("s"))\nRes("a", x=1, opts=Opts(provider=p))'),
            up('p = Prov("p", region="2", pw=secret("s"))\nRes("a", x=1, opts=Opts(provider=p))'),
            up(
                'p = Prov("p", region="3")\nRes("a", x=1, opts=Opts(provider=p))',
                {"provider": {"DiffConfig": {"replaces": ["region"]}}},
            ),
            preview(
                'z = Res("z", name="z")\np = Prov("p", region=z.uid)\na = Res("a", x=1, opts=Opts(provider=p))\nRes("n", x=1, opts=Opts(provider=p))'
            ),
            destroy(),
        ),
    ),
    Scenario(
        "default provider to explicit provider",
        (
            up('Res("a", x=1)'),
            up('p = Prov("p", region="1")\nRes("a", x=1, opts=Opts(provider=p))'),
        ),
        config={"actor:region": "0"},
    ),
    Scenario(
        "configuration of the default provider",
        (up('Res("a", x=1)'), up('Res("a", x=1)'), refresh(), up('Res("a", x=1)', {}, "--refresh"), destroy()),
        config={"actor:region": "0", "other:key": "1", "proj:own": "2"},
    ),
    Scenario(
        "options that are remembered",
        (
            up(
                'Res("a", name="1", opts=Opts(custom_timeouts=pulumi.CustomTimeouts(create="5m", update="1h30m", delete="10s"), additional_secret_outputs=["uid"]))'
            ),
            up(
                'Res("a", name="1", x=2, opts=Opts(custom_timeouts=pulumi.CustomTimeouts(create="5m", update="1h30m", delete="10s"), additional_secret_outputs=["uid"]))'
            ),
            refresh(),
            destroy(),
        ),
    ),
    Scenario(
        "component outputs change",
        tuple(
            up(f'c = Comp("c")\na = Res("a", name="a", opts=Opts(parent=c))\nc.done(v={v})\nexport("v", {v})')
            for v in (1, 1, 2)
        ),
    ),
    Scenario(
        "stack outputs after a failure",
        (
            up('a = Res("a", x=1)\nexport("one", 1)\nexport("two", a.uid)'),
            up('a = Res("a", x=2)\nexport("one", 2)\nexport("three", 3)', {"a": {"Update": {"error": "no"}}}),
            up('a = Res("a", x=2)\nexport("one", 2)'),
        ),
    ),
    Scenario(
        "functions",
        (up('r = pulumi.runtime.invoke("actor:index:ask", {"q": "x"})\nexport("answer", r.value)'),),
    ),
    Scenario("program raises", (up('Res("a", x=1)\nRes("b", x=1)'), up('Res("a", x=2)\nraise ValueError("oops")'))),
    Scenario(
        "program raises in apply",
        (up('a = Res("a", x=1)\ndef bad(v):\n    raise ValueError("oops")\na.uid.apply(bad)'),),
    ),
    Scenario("program exits", (up('Res("b", x=1)'), up("import sys\nsys.exit(3)"))),
    Scenario("program logs an error", (up('Res("b", x=1)'), up('pulumi.log.error("watch out")'))),
    Scenario("duplicate name", (up('Res("a", x=1)\nRes("a", x=2)'),), loose=(0,)),
    Scenario(
        "dynamic resources",
        (
            preview('a = Dyn("a", name="a", pw=secret("s"), n={"k": [1]}, flag=True)\nDyn("b", note=a.uid)'),
            up('a = Dyn("a", name="a", pw=secret("s"), n={"k": [1]}, flag=True)\nDyn("b", note=a.uid)'),
            up('a = Dyn("a", name="a", pw=secret("s"), n={"k": [1]}, flag=True)\nDyn("b", note=a.uid)'),
            preview('a = Dyn("a", name="a", pw=secret("s"), n={"k": [2]}, flag=True)\nDyn("b", note=a.uid)'),
            up('a = Dyn("a", name="a", pw=secret("s"), n={"k": [2]}, flag=True)\nDyn("b", note=a.uid)'),
            up('a = Dyn("a", name="z", pw=secret("s"), n={"k": [2]}, flag=True)\nDyn("b", note=a.uid)'),
            refresh({"a": {"read": {"outputs": {"name": "drift"}, "inputs": {"name": "drift"}}}}),
            preview('a = Dyn("a", name="drift", pw=secret("s"), n={"k": [3]}, flag=True)\nDyn("b", note=a.uid)'),
            destroy(),
        ),
        config={"proj:own": "2", "actor:region": "0"},
    ),
    Scenario(
        "dynamic resources that fail",
        (
            up('Dyn("a", x=1)', {"a": {"check": {"failures": [["x", "is bad"]]}}}),
            up('Dyn("a", x=1)', {"a": {"create": {"error": "no room"}}}),
            up('Dyn("a", x=1)'),
            refresh({"a": {"read": {"missing": True}}}),
            up('Dyn("a", x=1)'),
            up('Dyn("a", x=1)', {"a": {"diff": {"changes": True}}}),
        ),
    ),
    Scenario(
        "dynamic drift by previews",
        (
            up('Dyn("a", m={"one": {"power": "on"}, "two": {"power": "on"}})'),
            preview(
                'Dyn("a", m={"one": {"power": "on"}, "two": {"power": "on"}})',
                {
                    "a": {
                        "read": {
                            "outputs": {"m": {"one": {"power": "off"}, "two": {"power": "on"}}},
                            "inputs": {"m": {"one": {"power": "off"}, "two": {"power": "on"}}},
                        }
                    }
                },
                "--refresh",
                "--expect-no-changes",
            ),
            preview(
                'Dyn("a", m={"one": {"power": "on"}, "two": {"power": "on"}}, opts=Opts(ignore_changes=["m.one.power"]))',
                {
                    "a": {
                        "read": {
                            "outputs": {"m": {"one": {"power": "off"}, "two": {"power": "on"}}},
                            "inputs": {"m": {"one": {"power": "off"}, "two": {"power": "on"}}},
                        }
                    }
                },
                "--refresh",
                "--expect-no-changes",
            ),
        ),
    ),
    Scenario(
        "dependents that leave with a replacement",
        (
            up(CHAIN.format(name="1")),
            up('Res("a", name="2")', {"a": FIRST}),
        ),
    ),
    Scenario(
        "protected dependent of a replacement",
        (
            up('a = Res("a", name="1")\nRes("b", name=a.uid, opts=Opts(protect=True))'),
            up('a = Res("a", name="2")\nRes("b", name=a.uid, opts=Opts(protect=True))', {"a": FIRST}),
        ),
    ),
    Scenario(
        "replacement of a provider's only user, delete first, in a component",
        (
            up(
                'c = Comp("c")\na = Res("a", name="1", opts=Opts(parent=c))\nRes("b", name=a.uid, opts=Opts(parent=a))\nc.done()'
            ),
            up(
                'c = Comp("c")\na = Res("a", name="2", opts=Opts(parent=c))\nRes("b", name=a.uid, opts=Opts(parent=a))\nc.done()',
                {"a": FIRST},
            ),
        ),
    ),
    Scenario(
        "replacement fails, create first",
        (
            up('a = Res("a", name="1")\nRes("b", note=a.uid)'),
            up('a = Res("a", name="2")\nRes("b", note=a.uid)', {"a": {"Create": {"error": "no room"}}}),
            up('a = Res("a", name="2")\nRes("b", note=a.uid)'),
        ),
    ),
    Scenario(
        "not well after replacement",
        (
            up('a = Res("a", name="1")'),
            up('a = Res("a", name="2")', {"a": {"Create": {"init": ["slow"]}}}),
            up('a = Res("a", name="2")'),
        ),
    ),
    Scenario(
        "resources as values",
        (
            up('a = Res("a", name="a")\nc = Comp("c")\nRes("b", vm=a, site=c, more=[a, {"x": a}])\nexport("vm", a)'),
            preview(
                'a = Res("a", name="a")\nc = Comp("c")\nn = Res("n", x=1)\nRes("b", vm=n, site=c, more=[a, {"x": a}])'
            ),
            up('a = Res("a", name="a")\nc = Comp("c")\nDyn("b", vm=a, site=c)'),
        ),
    ),
    Scenario(
        "versions of providers",
        (
            up('Res("a", x=1, opts=Opts(version="1.2.3"))\nRes("b", x=1)'),
            up('Res("a", x=1, opts=Opts(version="1.2.4-alpha.1"))\nRes("b", x=1)'),
            destroy(),
        ),
    ),
    Scenario(
        "assets",
        (
            up(
                'Res("a", x=pulumi.StringAsset("hello"), f=pulumi.FileAsset("program.txt"), n=[pulumi.StringAsset("two")])'
            ),
            up('Res("a", x=pulumi.StringAsset("hello!"), f=pulumi.FileAsset("program.txt"))'),
            refresh(),
        ),
    ),
    Scenario(
        "unknowns at any depth",
        (
            up(
                'Res("b", n={"k": [1, {"z": "q"}]}, pw=secret("x"))\nDyn("d", n={"k": [1, {"z": "q"}]}, pw=secret("x"))'
            ),
            preview(
                'a = Res("a", name="a")\nRes("b", n={"k": [1, {"z": a.uid}]}, pw=secret(a.uid))\n'
                'Dyn("d", n={"k": [1, {"z": a.uid}]}, pw=secret(a.uid))\nDyn("e", x=a.uid, l=[a.uid, 1])'
            ),
        ),
    ),
    Scenario(
        "values of all kinds",
        (
            up(
                'Res("a", t=True, f=False, i=3, g=2.5, big=2**40, s="", e={}, l=[], u="\u00e4\u20ac", n={"a.b": {"c d": 1}}, z=None)'
            ),
            up(
                'Res("a", t=True, f=False, i=3, g=2.5, big=2**40, s="", e={}, l=[], u="\u00e4\u20ac", n={"a.b": {"c d": 1}}, z=None)',
                {"a": {"Diff": {"changes": "unknown"}}},
            ),
            up(
                'Res("a", t=1, f=None, i="3", g=2.5, big=2**40, s=None, e=[], l={}, n={"a.b": {"c d": 2}})',
                {"a": {"Diff": {"changes": "unknown"}}},
            ),
        ),
    ),
    Scenario(
        "defaults of Check",
        (
            up('Res("a", x=1)', {"a": {"Check": {"defaults": {"auto": "made"}}}}),
            up('Res("a", name="1", x=1)', {"a": {"Check": {"defaults": {"auto": "other"}}}}),
            up('Dyn("d", x=1)', {"d": {"check": {"defaults": {"auto": "made"}}}}),
        ),
    ),
    Scenario(
        "destroy goes on with what does not depend on a failure",
        (
            up(FOUR),
            Step("destroy", "", {"c": {"Delete": {"error": "in use"}}}, ("--continue-on-error",)),
            destroy({"d": {"Delete": {"error": "in use"}}}),
            destroy(),
        ),
        loose=(2,),
    ),
    Scenario(
        "destroy after a look",
        (
            up(FOUR),
            Step("destroy", "", {"b": {"Read": {"missing": True}}}, ("--refresh",)),
        ),
    ),
    Scenario(
        "replacement after a look",
        (
            up('a = Res("a", name="1")\nRes("b", name=a.uid)'),
            up(
                'a = Res("a", name="2")\nRes("b", name=a.uid)',
                {"a": {"Read": {"outputs": {"drift": 1}}, **FIRST}},
                "--refresh",
            ),
        ),
    ),
    Scenario(
        "dynamic replacement, delete first",
        (
            up('a = Dyn("a", name="1")\nDyn("b", name=a.uid)\nDyn("c", x=1, opts=Opts(depends_on=[a]))'),
            preview(
                'a = Dyn("a", name="2")\nDyn("b", name=a.uid)\nDyn("c", x=1, opts=Opts(depends_on=[a]))',
                {"a": {"diff": {"first": True}}},
            ),
            up(
                'a = Dyn("a", name="2")\nDyn("b", name=a.uid)\nDyn("c", x=1, opts=Opts(depends_on=[a]))',
                {"a": {"diff": {"first": True}}},
            ),
        ),
    ),
    Scenario(
        "dynamic options",
        (
            up(
                'Dyn("a", x=1, opts=Opts(additional_secret_outputs=["uid"], protect=True))\nDyn("b", x=1, opts=Opts(ignore_changes=["x"], retain_on_delete=True))'
            ),
            up(
                'Dyn("a", x=1, opts=Opts(additional_secret_outputs=["uid"]))\nDyn("b", x=2, opts=Opts(ignore_changes=["x"], retain_on_delete=True))'
            ),
            up(
                'Dyn("a", x=2, opts=Opts(replace_on_changes=["x"], delete_before_replace=True))',
                {"a": {"diff": {"replaces": []}}},
            ),
            destroy(),
        ),
    ),
    Scenario("dynamic import is refused", (up('Dyn("a", x=1, opts=Opts(import_="ext-1"))'),)),
    Scenario(
        "dynamic look-up",
        (up('a = Dyn("a", x=1, opts=Opts(id="ext-1"))\nDyn("b", note=a.x)', {"a": {"read": {"outputs": {"x": 5}}}}),),
    ),
    Scenario(
        "a provider that is not used",
        (up('p = Prov("p", region="1")\nRes("a", x=1)'), up('Res("a", x=1)'), up(""), destroy()),
    ),
    Scenario(
        "function with an explicit provider",
        (
            up(
                'p = Prov("p", region="1")\nr = pulumi.runtime.invoke("actor:index:ask", {"q": "x"}, pulumi.InvokeOptions(provider=p))\nexport("answer", r.value)'
            ),
        ),
    ),
    Scenario(
        "function fails",
        (
            up(
                'r = pulumi.runtime.invoke("actor:index:ask", {"q": "x"})',
                {"actor:index:ask": {"Invoke": {"error": "no idea"}}},
            ),
        ),
    ),
    Scenario(
        "nested components move",
        (
            up('o = Comp("o")\ni = Comp("i", opts=Opts(parent=o))\nRes("r", x=1, opts=Opts(parent=i))'),
            up(
                'o = Comp("o2", opts=Opts(aliases=[pulumi.Alias(name="o")]))\ni = Comp("i", opts=Opts(parent=o))\n'
                'Res("r", x=1, opts=Opts(parent=i))'
            ),
        ),
    ),
    Scenario(
        "a child named after its parent moves with it",
        (
            up('o = Comp("app")\nRes("app-disk", x=1, opts=Opts(parent=o))'),
            up(
                'o = Comp("web", opts=Opts(aliases=[pulumi.Alias(name="app")]))\nRes("web-disk", x=1, opts=Opts(parent=o))'
            ),
        ),
    ),
    Scenario("type changes under an alias", (up('Comp("a")'), up('Res("r", x=1)\nComp("a")'))),
    Scenario(
        "ignored changes and replacement",
        (
            up('Res("a", name="1", x=1)'),
            up('Res("a", name="2", x=2, opts=Opts(ignore_changes=["x"]))'),
        ),
    ),
    Scenario(
        "going on after failures of updates and replacements",
        (
            up('a = Res("a", name="1")\nb = Res("b", name=a.uid)\nc = Res("c", x=1)\nd = Res("d", note=c.uid)'),
            up(
                'a = Res("a", name="2")\nb = Res("b", name=a.uid)\nc = Res("c", x=2)\nd = Res("d", note=c.uid)',
                {"a": {"Create": {"error": "no room"}}},
                "--continue-on-error",
            ),
            up("", {"b": {"Delete": {"error": "in use"}}}, "--continue-on-error"),
        ),
    ),
    Scenario(
        "look fails before an update",
        (
            up('Res("a", x=1)\nRes("b", x=1)'),
            up('Res("a", x=2)\nRes("b", x=1)', {"a": {"Read": {"error": "no answer"}}}, "--refresh"),
            Step("destroy", "", {"a": {"Read": {"error": "no answer"}}}, ("--refresh",)),
        ),
    ),
    Scenario(
        "not well at a look before an update",
        (
            up('Res("a", x=1)'),
            up('Res("a", x=1)', {"a": {"Read": {"init": ["ill"]}}}, "--refresh"),
            up('Res("a", x=1)'),
        ),
    ),
    Scenario(
        "provider with a wrong reference",
        (
            up(
                'p = Prov("p", region="1")\na = Res("a", x=1, opts=Opts(provider=p))\nb = Res("b", x=1, opts=Opts(parent=a))'
            ),
            up(
                'p = Prov("q", region="1", opts=Opts(aliases=[pulumi.Alias(name="p")]))\na = Res("a", x=1, opts=Opts(provider=p))\nb = Res("b", x=1, opts=Opts(parent=a))'
            ),
        ),
    ),
    Scenario(
        "update fails",
        (
            up('a = Res("a", x=1)\nRes("b", note=a.uid)'),
            up('a = Res("a", x=2)\nRes("b", note=a.uid)', {"a": {"Update": {"error": "no"}}}),
            up('a = Res("a", x=2)\nRes("b", note=a.uid)'),
        ),
    ),
    Scenario(
        "everything at once",
        (
            up(
                'a = Res("a", name="1")\nb = Res("b", note=a.uid)\nc = Res("c", name=b.uid)\nd = Dyn("d", x=c.uid)\ne = Res("e", x=1)'
            ),
            preview(
                'a = Res("a", name="2")\nb = Res("b", note=a.uid)\nc = Res("c", name=b.uid)\nd = Dyn("d", x=c.uid)\nf = Res("f", x=d.uid)'
            ),
            up(
                'a = Res("a", name="2")\nb = Res("b", note=a.uid)\nc = Res("c", name=b.uid)\nd = Dyn("d", x=c.uid)\nf = Res("f", x=d.uid)',
                {"c": FIRST},
            ),
            destroy(),
        ),
    ),
)
