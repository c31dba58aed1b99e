"""Settings that keep the tests short, and teach enough to say something: one row a step."""

QUICK = {
    "train.epochs": 4,
    "train.batch_size": 1,
    "train.learning_rate": 3e-3,
    "train.threads": 1,
    "model.width": 64,
    "model.vocabulary": 400,
    "model.max_tokens": 128,
    "model.new_tokens": 16,
}

CHECKPOINT = "*/trainer_state.json"  # what is there once a checkpoint is complete
