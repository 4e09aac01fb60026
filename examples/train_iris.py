"""Train a two-layer ReLU network on Iris with plain PyTorch: SGD and weight decay.

    python examples/train_iris.py --network iris.pt [--loss cross-entropy] [--epochs 15000] [--batch 150]
        [--bias] [--seed 0]

It minimises 1/2 |f(X) - Y|^2 + gamma/2 |weights|^2 for gamma = 0.1 and one-hot targets Y, or the
cross-entropy of the classes instead of the squares, in double precision: over thousands of epochs single
precision ends a little elsewhere on every processor.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import torch

DATA = Path(__file__).parent / "iris.csv"
GAMMA = 0.1


def squared(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean over the samples of 1/2 |f(x) - y|^2, y one-hot."""
    targets = torch.nn.functional.one_hot(labels, outputs.shape[1])
    return 0.5 * (outputs - targets).square().sum(dim=1).mean()


LOSSES = {"squared": squared, "cross-entropy": torch.nn.CrossEntropyLoss()}


def read(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the features and the classes, numbered in alphabetical order."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    names = sorted({row[-1] for row in rows})
    X = torch.tensor([[float(entry) for entry in row[:-1]] for row in rows], dtype=torch.float64)
    return X, torch.tensor([names.index(row[-1]) for row in rows])


def main() -> None:
    """Train and save the state dict."""
    parser = argparse.ArgumentParser(description="Train a network on Iris.")
    parser.add_argument("--network", type=Path, default=Path("iris.pt"))
    parser.add_argument("--loss", choices=LOSSES, default="squared")
    parser.add_argument("--epochs", type=int, default=15000)
    parser.add_argument("--width", type=int, default=300)
    parser.add_argument("--batch", type=int, default=150)
    parser.add_argument("--rate", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bias", action="store_true")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    X, labels = read(DATA)
    n, criterion = len(X), LOSSES[options.loss]
    model = torch.nn.Sequential(
        torch.nn.Linear(X.shape[1], options.width, bias=options.bias),
        torch.nn.ReLU(),
        torch.nn.Linear(options.width, len(labels.unique()), bias=options.bias),
    ).double()
    with torch.no_grad():  # from large weights the decay takes forever
        for weights in model.parameters():
            weights.mul_(0.3)
    # The objective over n: a minibatch's mean stands for the mean over all samples.
    optimizer = torch.optim.SGD(model.parameters(), lr=options.rate, momentum=0.9, weight_decay=GAMMA / n)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    for _ in range(options.epochs):
        batches = torch.randperm(n).split(options.batch) if options.batch < n else (slice(None),)
        for batch in batches:
            loss = criterion(model(X[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    torch.save(model.state_dict(), options.network)
    with torch.no_grad():
        fit = n * criterion(model(X), labels)
        decay = GAMMA / 2 * sum(weights.square().sum() for weights in model.parameters())
    print(f"loss {float(fit + decay):.4f} after {options.epochs} epochs; network: {options.network}")


if __name__ == "__main__":
    main()
