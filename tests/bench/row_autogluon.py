"""Fit AutoGluon's medium preset on the rows that bench_quality.py wrote; print its CPU seconds.

    python row_autogluon.py FOLDER METRIC

Takes FOLDER/train.parquet (with `__target__`) and test.parquet, gives answers.npy.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from autogluon.tabular import TabularPredictor

folder, metric = Path(sys.argv[1]), sys.argv[2]
train, test = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test"))
began = time.process_time()
predictor = TabularPredictor("__target__", eval_metric=metric, path=folder / "ag", verbosity=0)
predictor.fit(train, presets="medium_quality", num_cpus=1, fit_strategy="sequential")
took = time.process_time() - began
answer = predictor.predict if predictor.problem_type == "regression" else predictor.predict_proba
np.save(folder / "answers.npy", answer(test).to_numpy(np.float32))
print(round(took, 1))
