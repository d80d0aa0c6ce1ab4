"""How a model is asked: how often it looks at a picture, and whether it may say "none of these"."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.errors import WorkbenchError
from core.models.source import Source, parse_key
from core.serving.prediction_set import Asked
from core.serving.views import Looks, Views, possible_looks
from pages.shared.text import count
from pages.use.chosen_model import ChosenModel

LOOK_WORDS = {Views.ONE: "Once", Views.MIRRORED: "Twice, once mirrored", Views.RANDOM: "8 times, changed"}


@dataclass(frozen=True)
class Settings:
    """`share` is that of known pictures which may be rejected; None where "none of these" is no answer."""

    looks: Looks
    share: float | None

    def asked(self, model: ChosenModel) -> Asked:
        """What `model` is asked with these settings; looks that it doesn't allow are left out."""
        looks = self.looks if self.looks in _possible(model)[0] else Looks()
        return Asked(model.key, model.stamp, looks, self.share is not None and model.run is not None)


def choose_settings(model: ChosenModel) -> Settings:
    """Behind a popover; the defaults are one look, and a class for every picture."""
    looks, why_no_others = _possible(model)
    with st.popover("More settings", icon=":material/tune:", width="stretch"):
        chosen = looks[0]
        if len(looks) > 1:
            words = {LOOK_WORDS[each.views]: each for each in looks}
            chosen = words[
                st.radio(
                    "How often it looks at a picture",
                    list(words),
                    key="looks",
                    help="The answers of several views are averaged (test-time augmentation): often a little "
                    "better, and as many times slower.",
                )
            ]
        else:
            st.markdown("**It looks at each picture once.**")
        if why_no_others:
            st.caption(why_no_others)
        share = None
        if model.run is None:
            st.caption("It can't answer “none of these”: that takes the pictures that it learned from.")
        elif st.toggle(
            "It may answer “none of these”",
            key="may_reject",
            help="A network takes anything for one of its classes. With this, a picture counts as none of "
            "them if its features (what the last layer decides by) are far from those of every training "
            "picture.",
        ):
            share = st.slider(
                "Reject at most this share of known pictures (%)",
                1,
                20,
                5,
                key="reject_percent",
                help="The limit is set so that this share of the validation pictures, which the network did "
                "not learn from, would lie beyond it.",
            )
    return Settings(chosen, None if share is None else share / 100)


def rejection_words(share: float, validation: int, least: int) -> str:
    """What the limit means and what it rests on."""
    if validation < least:
        return (
            f"To reject at most {share:.0%} of known pictures takes {count(least, 'validation picture')}; "
            f"this run has {validation:,}. Nothing is rejected: allow a larger share."
        )
    return (
        f"None of these: less like anything it learned from than {1 - share:.0%} of its "
        f"{count(validation, 'validation picture')} are. Of pictures of its classes, about {share:.0%} will "
        "be rejected by mistake."
    )


def _possible(model: ChosenModel) -> tuple[list[Looks], str]:
    if model.run is not None:
        with suppress(WorkbenchError):  # a damaged record
            return possible_looks(model.run.config())
    if parse_key(model.key)[0] is Source.BACKBONE:  # all of them learned from mirrored pictures, too
        return [Looks(), Looks(Views.MIRRORED)], ""
    return [Looks()], "Which changes it has learned to see through is not known."
