"""Semantic recommendations for research papers: more like this, personal feeds, similarity reports.

>>> import paperkin
>>> engine = paperkin.Engine()
>>> engine.add([{"title": "Robots that walk on soft ground"}, {"title": "Parsing speech with small models"}]).new
2
>>> engine.search("walking robots", limit=1)[0].paper.title
'Robots that walk on soft ground'
"""

from paperkin._answers import Answer, Paper, Reason, Recommendation, SentenceMatch
from paperkin._encoder import Encoder
from paperkin._engine import AddSummary, Engine, Profile
from paperkin._errors import PaperkinError
from paperkin._evaluation import Comparison, Estimate, Evaluation, HeldOut
from paperkin._filters import Filters
from paperkin._native import __version__

__all__ = [
    "AddSummary",
    "Answer",
    "Comparison",
    "Encoder",
    "Engine",
    "Estimate",
    "Evaluation",
    "Filters",
    "HeldOut",
    "Paper",
    "PaperkinError",
    "Profile",
    "Reason",
    "Recommendation",
    "SentenceMatch",
]
