"""Libraries that the tests ask."""

import pytest

import paperkin

PAPERS = [
    {"id": "2401.90001", "title": "Robots that walk on soft ground", "abstract": "Legged robots learn to walk over sand and snow.",
     "authors": ["Ada Example", "Bo Sample"], "published": "2026-01-05", "categories": ["cs.RO"], "votes": 3},
    {"id": "2401.90002", "title": "Parsing speech with small models", "abstract": "Small networks recognize speech on a phone.",
     "authors": ["Cy Pattern"], "published": "2026-01-06", "categories": ["cs.CL", "cs.SD"]},
    {"id": "2401.90003", "title": "Legs and wheels together", "abstract": "A robot with legs and wheels climbs stairs.",
     "authors": ["Ada Example"], "published": "2026-02-01", "categories": ["cs.RO"]},
    {"id": "2401.90004", "title": "Bread without an oven", "abstract": "We bake bread in a pan and taste it.",
     "authors": ["Di Muster"], "published": "2026-02-02", "categories": ["food"]},
]


@pytest.fixture
def engine():
    """An engine in memory with four papers."""
    with paperkin.Engine() as engine:
        assert engine.add(PAPERS).new == len(PAPERS)
        yield engine


@pytest.fixture(scope="session")
def encoder():
    """The bundled model."""
    return paperkin.Encoder()
