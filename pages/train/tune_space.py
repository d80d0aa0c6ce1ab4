"""Which settings vary and between what: a choice of names, and a table of their ranges."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.errors import ConfigError, WorkbenchError
from core.training.run_config import RunConfig
from core.tuning.fields import FIELDS, fields_for, label_of, value_words
from core.tuning.parameters import Choice, Parameter, Range, Value
from core.tuning.space import Space
from core.tuning.study_config import Method
from pages.shared.errors import show_error

FIRST = ("learning_rate", "batch_size")
RANGES_HELP = "Logarithmic: as many trials between 0.001 and 0.01 as between 0.01 and 0.1."


def choose_space(base: RunConfig, method: Method) -> Space | None:
    """Show the controls; the space that they say, or None where they say none, with the reason."""
    proposals = fields_for(base)
    chosen = st.multiselect(
        "Settings to vary",
        list(proposals),
        [name for name in FIRST if name in proposals],
        format_func=label_of,
        key=f"vary-{base.kind}",
        persist_state="session",
        placeholder="Choose at least one",
    )
    if not chosen:
        st.caption("Choose at least one setting: all others stay as they are.")
        return None
    try:
        space = Space((*_ranges(base, proposals, chosen, method), *_choices(base, proposals, chosen)))
        space.check(base)
    except WorkbenchError as error:
        show_error(error)
        return None
    st.caption(
        _what_depends(chosen) + "All other settings stay as they are. No trial sees the test pictures."
    )
    return space


def _ranges(
    base: RunConfig, proposals: Mapping[str, Parameter], chosen: list[str], method: Method
) -> list[Parameter]:
    ranges = [each for name in chosen if isinstance(each := proposals[name], Range)]
    if not ranges:
        return []
    table = pd.DataFrame(
        {
            "Setting": [label_of(each.name) for each in ranges],
            "Now": [value_words(FIELDS[each.name].of(base)) for each in ranges],
            "Lowest": [f"{each.low:g}" for each in ranges],
            "Highest": [f"{each.high:g}" for each in ranges],
            "Logarithmic": [each.log for each in ranges],
            "Grid steps": [each.steps for each in ranges],
        }
    )
    columns = [name for name in table if name != "Grid steps" or method is Method.GRID]
    edited = st.data_editor(
        table,
        key=f"ranges-{base.kind}-{'-'.join(each.name for each in ranges)}",
        hide_index=True,
        column_order=columns,
        disabled=["Setting", "Now"],
        column_config={
            "Logarithmic": st.column_config.CheckboxColumn(help=RANGES_HELP),
            "Grid steps": st.column_config.NumberColumn(min_value=2, max_value=50, step=1),
        },
    )
    rows = edited.to_dict("records")
    return [_range(each, row) for each, row in zip(ranges, rows, strict=True)]


def _range(proposed: Range, row: Mapping[str, object]) -> Range:
    return Range(
        proposed.name,
        _number(proposed.name, row["Lowest"]),
        _number(proposed.name, row["Highest"]),
        bool(row["Logarithmic"]),
        proposed.integer,
        int(str(row["Grid steps"])) if row["Grid steps"] is not None else proposed.steps,
    )


def _number(name: str, text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        raise ConfigError(
            f"A bound of “{label_of(name)}” is no number.",
            expected="a number such as 0.001 or 1e-3",
            found=str(text)[:40],
            fix="Correct it in the table.",
        ) from None


def _choices(base: RunConfig, proposals: Mapping[str, Parameter], chosen: list[str]) -> list[Parameter]:
    choices = [each for name in chosen if isinstance(each := proposals[name], Choice)]
    parameters: list[Parameter] = []
    for place, each in enumerate(choices):
        column = place % 2
        if column == 0:
            columns = st.columns(2)
        values: list[Value] = columns[column].multiselect(
            f"{label_of(each.name)} (now {value_words(FIELDS[each.name].of(base))})",
            list(each.values),
            list(each.values),
            format_func=value_words,
            key=f"values-{base.kind}-{each.name}-{len(each.values)}",
        )
        parameters.append(Choice(each.name, tuple(values)))
    return parameters


def _what_depends(chosen: list[str]) -> str:
    """Which of the chosen settings matter only together with a value of another."""
    words = []
    for name in chosen:
        if (needs := FIELDS[name].needs) is not None:
            values = " or ".join(value_words(value) for value in needs[1])
            words.append(f"{label_of(name)} matters only with {label_of(needs[0]).lower()} {values}. ")
    return "".join(words)
