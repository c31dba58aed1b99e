"""Settings that keep the tests short."""

QUICK = {
    "train.epochs": 6,
    "data.size": 16,
    "model.width": 8,
    "export.formats": "[onnx]",
    "export.max_drop": 0.05,  # of a model that has learnt so little, a point is chance
}
