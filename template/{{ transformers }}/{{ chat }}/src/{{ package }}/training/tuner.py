"""The Trainer with its own order of rows, optimizer and default learning rates."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers import Trainer

from ..config import Config
from ..settings.train import Train
from .batches import Rows
from .lengths import LengthGroupedSampler
from .likelihood import losses
from .resources import check_resources

TINY = 1e-3  # from scratch
# The best of three to five on the validation set, for SmolLM2-135M with batches of 8, on 75
# questions about Python and on 243 reports. Larger models need less: 2e-4 for QLoRA with 7 billion
# weights (Dettmers et al. 2023).
DEFAULTS = {
    "full": 1e-4,
    "lora": 1e-3,
    "qlora": 1e-3,
    "ia3": 2e-2,
    "prefix": 3e-2,
    "bottleneck": 3e-3,
}


def rate(config: Config) -> float:
    """Return train.learning_rate; if null, the default for this kind of model."""
    from_scratch = config.model.name in config.model.OWN and config.train.method == "full"
    return config.train.learning_rate or (TINY if from_scratch else DEFAULTS[config.train.method])


class Tuner(Trainer):
    """The library's Trainer, with batches of similar length; it keeps losses, not logits."""

    def __init__(self, settings: Train, rows: Rows, **options: Any) -> None:
        self.settings, self.rows = settings, rows
        options |= {"preprocess_logits_for_metrics": _losses}
        super().__init__(train_dataset=rows, data_collator=rows.batch, **options)

    def train(self, *args: Any, **options: Any) -> Any:
        """Check the resources, and train."""
        check_resources(self)
        return super().train(*args, **options)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        """Return the order of rows, which a resumed run repeats."""
        size = self.args.train_batch_size * self.args.gradient_accumulation_steps
        world, seed = self.args.world_size, self.args.seed
        return LengthGroupedSampler(
            self.rows.ids, size * world, seed, lambda: int(self.state.epoch or 0)
        )

    def create_optimizer(self, model: nn.Module | None = None) -> Optimizer:
        """Return AdamW; weight decay applies to matrices only."""
        network = self.model if model is None else model
        assert network is not None
        groups: list[dict[str, Any]] = [
            {"params": [], "weight_decay": self.settings.weight_decay},
            {"params": [], "weight_decay": 0.0},
        ]
        for weight in network.parameters():
            if weight.requires_grad:  # IA3's vectors have a second axis of size 1
                groups[weight.squeeze().ndim < 2]["params"].append(weight)
        self.optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]], lr=self.args.learning_rate, fused=True
        )
        return self.optimizer


def _losses(logits: Any, labels: Tensor) -> Tensor:
    return losses(logits[0] if isinstance(logits, tuple) else logits, labels)
