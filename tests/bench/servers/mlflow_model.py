"""The model in MLflow, saved as code; `mlflow models serve` takes the folder.

Without type hints: MLflow makes a schema of them.
"""

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel
from scoring import Scorer


class Model(PythonModel):
    """Rows come as a table."""

    def load_context(self, context):
        self.scorer = Scorer()

    def predict(self, context, model_input, params=None):
        return self.scorer.answers(self.scorer.feed(model_input.to_dict("records")))


set_model(Model())
