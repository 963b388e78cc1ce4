"""Signatures: those of questions, and those of the compiled part beside its stub."""

import ast
import inspect
import pathlib

import pytest

import paperkin
from paperkin import _native

STUB = ast.parse(pathlib.Path(_native.__file__).with_name("_native.pyi").read_text())
QUESTIONS = [paperkin.Engine.search, paperkin.Engine.similar, paperkin.Engine.recommend, paperkin.Engine.feed]


@pytest.mark.parametrize("question", [*QUESTIONS, type(paperkin.Engine().profile("me")).feed], ids=lambda q: q.__qualname__)
def test_filters_are_named(question):
    parameters = inspect.signature(question).parameters
    assert all(parameter.kind is not inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    for name in paperkin.Filters.__annotations__:
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY and parameters[name].default is None
        assert f"\n{name}: " in question.__doc__


def test_every_filter_is_known_to_the_engine(engine):
    values = {
        "limit": 2, "published_after": "2026-01-01", "published_before": "2026-12-31", "categories": ["cs.RO"], "sources": [],
        "by": "Ada Example", "titles": "robots", "phrases": "robots", "without": "bread", "exclude": "2401.90004",
        "candidates": ["2401.90001", "2401.90003"], "min_score": 0.0, "min_relevance": "far", "explain": True, "diversity": 0.1,
        "dedup_threshold": 0.99, "authors": "Ada Example", "recency": 0.1, "votes": 0.1, "smoothing": 0.1, "strategy": "nearest",
        "interest": None, "half_life_days": 30, "as_of": "2026-12-31",
    }  # fmt: skip
    assert set(values) == set(paperkin.Filters.__annotations__)
    assert [result.paper.id for result in engine.search("robots", **values)] == ["2401.90001"]


def test_a_misspelled_filter(engine):
    with pytest.raises(TypeError, match="`limits`: did you mean `limit`"):
        engine.search("robots", limits=3)


def parameters_of(function):
    """Names and defaults of a function of the stub."""
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    return names, len(function.args.defaults)


def compiled(function):
    """The same of a compiled one."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return [p.name for p in parameters], sum(p.default is not p.empty for p in parameters)


def public(owner, also=()):
    return {name for name in vars(owner) if not name.startswith("_") or name in also}


def test_the_stub_is_that_of_the_compiled_part():
    classes = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef)}
    values = {node.target.id for node in STUB.body if isinstance(node, ast.AnnAssign)}
    assert {*classes, *functions, *values} == public(_native, also=("__version__",))
    for name, function in functions.items():
        assert parameters_of(function) == compiled(getattr(_native, name)), name
    for name, node in classes.items():
        owner = getattr(_native, name)
        methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
        properties = {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}
        assert {*methods, *properties} - {"__init__"} == public(owner), name
        assert parameters_of(methods.pop("__init__")) == compiled(owner), name
        for method, function in methods.items():
            assert parameters_of(function) == compiled(getattr(owner, method)), f"{name}.{method}"
        assert all(inspect.isgetsetdescriptor(vars(owner)[item]) for item in properties)
