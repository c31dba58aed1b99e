"""Settings that keep the tests short."""

QUICK = {"train.epochs": 12, "train.threads": 1, "export.formats": "[onnx]"}
