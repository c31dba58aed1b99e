"""Texts to numbers, learnt from training rows alone: TF-IDF of runs of words and of letters."""

from functools import lru_cache

import numpy as np
import pandas as pd
from onnx import TensorProto, ValueInfoProto, helper
from scipy.sparse import csr_array, vstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import normalize

from .toolkit.export.onnx_graph import Graph
from .toolkit.runs import UserError
from .toolkit.tables.schema import Schema
from .toolkit.texts.counting import Vocabulary, frequent, split

KINDS = {"term": TensorProto.STRING, "count": TensorProto.FLOAT, "row": TensorProto.INT64}


class Features(TransformerMixin, BaseEstimator):
    """Encode the column `text` as float64 (rows, 1 + terms), sparse.

    A term's value is (1 + log count) x idf, idf = 1 + log((1 + texts) / (1 + texts that hold it)),
    and each row is scaled to length 1 (Salton & Buckley 1988). The first column is 0: it stands for
    the terms that are not known.
    """

    def __init__(
        self, max_words: int, min_letters: int, max_letters: int, min_texts: int, max_terms: int
    ) -> None:
        self.max_words = max_words
        self.min_letters = min_letters
        self.max_letters = max_letters
        self.min_texts = min_texts
        self.max_terms = max_terms

    def fit(self, frame: pd.DataFrame, targets: np.ndarray | None = None) -> "Features":
        """Learn which terms are frequent, and how frequent; `targets` are not looked at."""
        held = frequent(frame["text"].tolist(), self._lengths(), self.min_texts, self.max_terms)
        if not held:
            raise UserError("model.min_texts: no term is in so many training texts: lower it.")
        self.terms_ = "\n".join(held)  # one text is stored in less room than so many
        texts = np.array([*held.values()])
        self.idf_ = (1 + np.log((1 + len(frame)) / (1 + texts))).astype(np.float32)
        return self

    def transform(self, frame: pd.DataFrame) -> csr_array:
        """Return the matrix described above, in the order of `names()`."""
        known, idf = _vocabulary(self.terms_, self._lengths()), np.append(np.float32(0), self.idf_)
        parts = []
        for texts in split(frame["text"].tolist()):
            counts = known.counts(texts)
            values = (1 + np.log(counts.data)) * idf[counts.indices]
            matrix = csr_array((values, counts.indices, counts.indptr), shape=counts.shape)
            parts.append(normalize(matrix, copy=False))
        return vstack(parts, format="csr")

    def _lengths(self) -> tuple[int, int, int]:
        return self.max_words, self.min_letters, self.max_letters

    def names(self) -> list[str]:
        """Name the columns of the matrix."""
        return ["(unknown)", *self.terms_.split("\n")]

    @staticmethod
    def onnx_inputs(schema: Schema) -> list[ValueInfoProto]:
        """Return the inputs that `terms.encode` makes of texts."""
        counted = [helper.make_tensor_value_info(name, KINDS[name], ["terms"]) for name in KINDS]
        return [*counted, helper.make_tensor_value_info("rows", TensorProto.INT64, [1])]

    def onnx(self, graph: Graph) -> tuple[str, str]:
        """Add what `transform` does; return each term's column, 0 if unknown, and value."""
        code = graph.add(
            "LabelEncoder",
            "term",
            domain="ai.onnx.ml",
            keys_strings=self.names()[1:],
            values_int64s=range(1, len(self.names())),
            default_int64=0,
        )
        idf = graph.add("Gather", graph.constant(np.append(np.float32(0), self.idf_)), code)
        one = graph.constant(np.float32(1))
        value = graph.add("Mul", graph.add("Add", graph.add("Log", "count"), one), idf)
        zero = helper.make_tensor("zero", TensorProto.FLOAT, [1], [0])
        none = graph.add("ConstantOfShape", "rows", value=zero)
        square = graph.add("Mul", value, value)
        squares = graph.add("ScatterElements", none, "row", square, axis=0, reduction="add")
        length = graph.add("Max", graph.add("Sqrt", squares), graph.constant(np.float32(1e-30)))
        return code, graph.add("Div", value, graph.add("Gather", length, "row"))


@lru_cache(4)
def _vocabulary(joined: str, lengths: tuple[int, int, int]) -> Vocabulary:
    return Vocabulary(joined.split("\n"), lengths)
