"""PyTorch's loops for bench_loop.py: a bare one, Lightning's and the Trainer's of transformers."""

import tempfile
from collections.abc import Iterator
from typing import Any

import lightning
import torch
from cases import Case, Stamp
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from my_model.training.learner import Learner
from my_model.training.parallel import Process

HERE = Process(device=torch.device("cuda" if torch.cuda.is_available() else "cpu"))
Batch = dict[str, Tensor]


def exactly(exact: bool) -> None:
    """Let only the project's loop compute deterministically."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(exact, warn_only=True)


def started(case: Case) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Return the untrained network and its optimizer, as the project begins with them."""
    learner = Learner(case.network(), case.objective, HERE)
    return learner.network, learner.optimizer


def bare(case: Case, stamp: Stamp) -> None:
    """Train with the loop that one writes first."""
    network, optimizer = started(case)
    for epoch in range(case.settings.epochs):
        for step, key in case.steps(epoch):
            for group in optimizer.param_groups:
                group["lr"] = case.rate(step)
            inputs = torch.from_numpy(case.train.samples.batch(*key)).to(HERE.device)
            loss = cross_entropy(network(inputs), labels(case.train, key).to(HERE.device))
            loss.backward()
            clip_grad_norm_(network.parameters(), case.settings.clip_norm)
            optimizer.step()
            optimizer.zero_grad()
        stamp(val_loss(network.eval(), case))
        network.train()


@torch.no_grad()
def val_loss(network: nn.Module, case: Case) -> float:
    """Return the mean loss of the validation rows."""

    def total(key: tuple[int, Any]) -> Tensor:
        logits = network(torch.from_numpy(case.val.samples.batch(*key)).to(HERE.device))
        return cross_entropy(logits, labels(case.val, key).to(HERE.device), reduction="sum")

    return float(sum(total(key) for key in case.chunks)) / len(case.val.targets)


class Keys:
    """The batches of a training, each pass over them being the next epoch."""

    def __init__(self, case: Case) -> None:
        self.case, self.epoch = case, -1

    def __len__(self) -> int:
        return self.case.plan.epoch

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        self.epoch += 1
        return (key for _, key in self.case.steps(self.epoch))


class Batches(Dataset):
    """Inputs and labels of the rows of a key."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __getitem__(self, key: tuple[int, Any]) -> Batch:
        inputs = torch.from_numpy(self.rows.samples.batch(*key))
        return {"inputs": inputs, "labels": labels(self.rows, key)}


def labels(rows: Any, key: tuple[int, Any]) -> Tensor:
    """Return the labels of the rows of a key."""
    return torch.from_numpy(rows.targets[key[1]])


def loader(rows: Any, keys: Any) -> DataLoader:
    """Return the batches that keys name."""
    return DataLoader(Batches(rows), batch_size=None, sampler=keys)


class Module(lightning.LightningModule):
    """What Lightning asks for."""

    def __init__(self, case: Case, stamp: Stamp) -> None:
        super().__init__()
        self.case, self.stamp, self.total = case, stamp, 0.0
        self.network, self.optimizer = started(case)

    def training_step(self, batch: Batch, number: int) -> Tensor:
        return cross_entropy(self.network(batch["inputs"]), batch["labels"])

    def validation_step(self, batch: Batch, number: int) -> None:
        self.total += float(self.training_step(batch, number)) * len(batch["labels"])

    def on_validation_epoch_end(self) -> None:
        self.stamp(self.total / len(self.case.val.targets))
        self.total = 0.0

    def configure_optimizers(self) -> dict[str, Any]:
        schedule = {"scheduler": LambdaLR(self.optimizer, self.case.share), "interval": "step"}
        return {"optimizer": self.optimizer, "lr_scheduler": schedule}


def with_lightning(case: Case, stamp: Stamp) -> None:
    """Train with Lightning."""
    module = Module(case, stamp)
    trainer = lightning.Trainer(
        devices=1,
        max_epochs=case.settings.epochs,
        gradient_clip_val=case.settings.clip_norm,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, loader(case.train, Keys(case)), loader(case.val, case.chunks))


class Network(nn.Module):
    """What the Trainer asks for."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor, labels: Tensor) -> Batch:
        logits = self.network(inputs)
        return {"loss": cross_entropy(logits, labels), "logits": logits}


class Loaded(Trainer):
    """A Trainer that takes batches as they are."""

    def get_train_dataloader(self) -> DataLoader:
        return self.train_dataset

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader:
        return self.eval_dataset


class Stamping(TrainerCallback):
    """A callback that records the end of each epoch."""

    def __init__(self, stamp: Stamp) -> None:
        self.stamp = stamp

    def on_evaluate(self, *words: Any, metrics: dict[str, float], **others: Any) -> None:
        self.stamp(metrics["eval_loss"])


def with_trainer(case: Case, stamp: Stamp) -> None:
    """Train with the Trainer."""
    network, optimizer = started(case)
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            folder,
            num_train_epochs=case.settings.epochs,
            max_grad_norm=case.settings.clip_norm,
            eval_strategy="epoch",
            save_strategy="no",
            logging_strategy="no",
            prediction_loss_only=True,
            report_to=[],
            disable_tqdm=True,
        )
        trainer = Loaded(
            Network(network),
            settings,
            train_dataset=loader(case.train, Keys(case)),
            eval_dataset=loader(case.val, case.chunks),
            optimizers=(optimizer, LambdaLR(optimizer, case.share)),
            callbacks=[Stamping(stamp)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()


LOOPS = {"bare": bare, "Lightning": with_lightning, "Trainer": with_trainer}
