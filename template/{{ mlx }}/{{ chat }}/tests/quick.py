"""Settings that keep the tests short, and teach enough to say something: one row a step."""

QUICK = {
    "train.epochs": 6,
    "train.batch_size": 1,
    "train.learning_rate": 5e-3,
    "model.width": 64,
    "model.vocabulary": 400,
    "model.max_tokens": 128,
    "model.new_tokens": 16,
}

CHECKPOINT = "last.safetensors"  # what is there once a checkpoint is complete
