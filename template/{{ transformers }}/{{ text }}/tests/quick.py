"""Settings that keep the tests short."""

QUICK = {
    "train.epochs": 4,
    "train.batch_size": 64,
    "train.threads": 1,
    "model.width": 64,
    "model.depth": 1,
    "model.vocabulary": 2000,
    "export.formats": "[onnx]",
}
