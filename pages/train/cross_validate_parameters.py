"""Which settings vary, and the values that each takes: only ones that can be."""

import streamlit as st

from core.training.config import CnnRunConfig
from core.tuning.skorch_config import PARAMETERS, Parameters, Search, Value, searchable
from pages.train.training_values import BATCHES, DECAYS, RATES

VALUES: dict[str, list[Value]] = {
    "lr": RATES,
    "batch_size": BATCHES,
    "max_epochs": [1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100],
    "optimizer__weight_decay": DECAYS,
    "optimizer__momentum": [0.0, 0.5, 0.8, 0.9, 0.95, 0.99],
    "module__filters": [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128],
    "module__kernel": [1, 2, 3, 5, 7, 9, 11],
    "module__dropout": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
}
AT_FIRST = ["lr", "module__filters"]
HELP = {
    "module__filters": "The other blocks keep their ratio to the first.",
    "module__kernel": "Of all blocks, in pixels a side.",
    "module__dropout": "After every block and hidden layer.",
}


def choose_parameters(base: CnnRunConfig, search: Search) -> dict[str, tuple[Value, ...]]:
    """The values of each setting that the user lets vary."""
    names = list(searchable(base, search))
    key = f"search_vary_{'-'.join(names)}"
    chosen = st.multiselect(
        "What varies",
        names,
        default=[name for name in AT_FIRST if name in names],
        format_func=lambda name: PARAMETERS[name].capitalize(),
        key=key,
        persist_state="session",
    )
    present = _present(base)
    values: dict[str, tuple[Value, ...]] = {}
    for name in names:
        if name in chosen:
            values[name] = _choose_values(name, present[name])
    return values if all(values.values()) else {}


def _choose_values(name: str, present: Value) -> tuple[Value, ...]:
    """Those that the user takes, from small to large; at first what is set now and its neighbours."""
    usual = sorted({*VALUES[name], present})
    place = usual.index(present)
    step = 2 if name == "lr" else 1
    around = [usual[at] for at in (place - step, place, place + step) if 0 <= at < len(usual)]
    chosen = st.multiselect(
        PARAMETERS[name].capitalize(),
        usual,
        default=around,
        format_func=lambda value: f"{value:g}",
        key=f"search_{name}_{present:g}",
        persist_state="session",
        help=HELP.get(name),
    )
    return tuple(sorted(chosen))


def _present(base: CnnRunConfig) -> Parameters:
    training, blocks = base.training, base.cnn.blocks
    parts = [*blocks, *base.cnn.hidden]
    return {
        "lr": training.learning_rate,
        "batch_size": training.batch_size,
        "max_epochs": training.epochs,
        "optimizer__weight_decay": training.weight_decay,
        "optimizer__momentum": training.momentum,
        "module__filters": blocks[0].filters if blocks else 1,
        "module__kernel": blocks[0].kernel if blocks else 1,
        "module__dropout": parts[-1].dropout if parts else 0.0,
    }
