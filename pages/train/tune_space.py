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
EDITED, BEGUN = "tune_ranges_edited", "tune_ranges_begun"  # rows by the names of settings
EDITABLE = ("Lowest", "Highest", "Logarithmic", "Grid steps")
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
    key = f"ranges-{base.kind}-{'-'.join(each.name for each in ranges)}"
    begun = _begun(key)
    table = pd.DataFrame(
        [
            {
                "Setting": label_of(each.name),
                "Now": value_words(FIELDS[each.name].of(base)),
                "Lowest": f"{each.low:g}",
                "Highest": f"{each.high:g}",
                "Logarithmic": each.log,
                "Grid steps": each.steps,
            }
            | begun.get(each.name, {})
            for each in ranges
        ]
    )
    columns = [name for name in table if name != "Grid steps" or method is Method.GRID]
    edited = st.data_editor(
        table,
        key=key,
        hide_index=True,
        column_order=columns,
        disabled=["Setting", "Now"],
        column_config={
            "Logarithmic": st.column_config.CheckboxColumn(help=RANGES_HELP),
            "Grid steps": st.column_config.NumberColumn(min_value=2, max_value=50, step=1),
        },
    )
    rows = edited.to_dict("records")
    for each, row in zip(ranges, rows, strict=True):
        st.session_state[EDITED][each.name] = {name: row[name] for name in EDITABLE}
    return [_range(each, row) for each, row in zip(ranges, rows, strict=True)]


def _begun(key: str) -> dict[str, dict[str, object]]:
    """What the rows of the table `key` begin with: what was typed into the one before, that of other settings
    or of an earlier visit. It stays the same while the table stands, which else would begin anew."""
    edited = st.session_state.setdefault(EDITED, {})
    if key not in st.session_state:
        st.session_state[BEGUN] = dict(edited)
    begun: dict[str, dict[str, object]] = st.session_state[BEGUN]
    return begun


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
            key=f"values-{each.name}-{'-'.join(map(str, each.values))}",
            persist_state="session",
        )
        parameters.append(Choice(each.name, tuple(value for value in each.values if value in values)))
    return parameters


def _what_depends(chosen: list[str]) -> str:
    """Which of the chosen settings matter only together with a value of another."""
    words = []
    for name in chosen:
        if (needs := FIELDS[name].needs) is not None:
            values = " or ".join(value_words(value) for value in needs[1])
            words.append(f"{label_of(name)} matters only with {label_of(needs[0]).lower()} {values}. ")
    return "".join(words)
