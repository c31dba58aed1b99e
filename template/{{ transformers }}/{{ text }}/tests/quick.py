"""Settings that keep the tests short."""

QUICK = {
    "train.epochs": 4,
    "train.threads": 1,
    "model.width": 64,
    "model.vocabulary": 2000,
    "export.formats": "[onnx]",
}
