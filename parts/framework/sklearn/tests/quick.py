"""Settings that keep the tests short."""

QUICK = {"train.rounds": 60}
