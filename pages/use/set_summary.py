"""The whole set in a few words, and what is there before any picture is."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.filtering.pictures import Photo, photo_path
from core.models.source import Source, parse_key
from core.serving.familiarity import least_pictures
from core.serving.results import DOUBTFUL, differ
from pages.shared.page import DATASETS, MODELS, button_to
from pages.shared.text import count, plain
from pages.use.chosen_model import ChosenModel, predictor_of
from pages.use.picture_samples import take_photos, take_samples
from pages.use.set_results import SetResults
from pages.use.settings import Settings, rejection_words

PHOTO_SIDE = 150  # pixels


def show_nothing_yet(model: ChosenModel) -> None:
    """What will happen, and a way to see it at once."""
    predictor = predictor_of(model)
    _, height, width = predictor.shape
    classes = count(len(predictor.classes), "class", "classes")
    with st.container(border=True):
        st.markdown(
            f"**Nothing to predict yet.** Each picture that you give is scaled to {width} x {height} pixels, "
            f"as in training, and the network says how probable each of {classes} is."
        )
        if model.run is not None:
            st.button("Try pictures of the data set", on_click=take_samples, type="primary")
            return
        with st.container(horizontal=True):
            for kind in Photo:
                st.image(photo_path(kind), width=PHOTO_SIDE, alt=str(kind))
        st.button("Try two photos", on_click=take_photos, type="primary", icon=":material/photo_library:")
        if parse_key(model.key)[0] is Source.BACKBONE:
            st.caption("It knows the 1,000 classes of ImageNet: animals, plants, things, buildings, food.")
    with st.container(horizontal=True):
        button_to(DATASETS, "Train one on classes of your own", key="to_datasets")
        button_to(MODELS, "Bring a model from elsewhere", key="to_models")


def show_rejected(results: SetResults) -> None:
    """The files that could not be used, by name."""
    if not results.rejected:
        return
    bad, good = count(len(results.rejected), "file"), count(len(results.names), "other")
    words = f"**{bad} could not be used**" + (f"; the {good} went through." if results.names else ".")
    st.warning(words, icon=":material/broken_image:")
    st.dataframe(
        pd.DataFrame(
            [(file.name, file.reason, file.fix) for file in results.rejected],
            columns=["File", "Reason", "What to do"],
        ),
        hide_index=True,
    )


def show_summary(results: SetResults, model: ChosenModel, settings: Settings) -> None:
    """How many pictures, how many in doubt, how far two models agree, what is rejected."""
    opinion, number = results.opinion, len(results.names)
    st.subheader(plain(results.pictures.name), anchor=False)
    words = [
        count(number, "picture"),
        f"{int((opinion.confidence < DOUBTFUL).sum()):,} less than {DOUBTFUL:.0%} sure",
    ]
    if settings.share is not None:
        words.append(f"{int(opinion.is_none.sum()):,} none of these")
    if results.other is not None:
        same = number - int(differ(opinion, results.other).sum())
        words.append(f"the two agree on {same:,} ({same / number:.0%})")
    st.markdown(" · ".join(words))
    if settings.share is not None and (familiarity := model.familiarity) is not None:
        st.caption(
            rejection_words(settings.share, len(familiarity.distances), least_pictures(settings.share))
        )
