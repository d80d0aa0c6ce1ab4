"""One model from elsewhere: what it is, what it says, and what can be changed of it."""

from __future__ import annotations

import json

import streamlit as st

from core.data.decoding import open_picture
from core.data.thumbnails import thumbnail
from core.errors import WorkbenchError
from core.figures.probabilities import probability_figure
from core.filtering.pictures import Photo, photo_path
from core.models.imported import MOST_NAME, Form, ImportedModel, delete_imported, rename_imported
from core.models.saved_model import SavedModel
from core.models.source import Source, key_of
from core.serving.calibration import calibrated
from core.serving.importing.onnx_description import OnnxDescription
from core.serving.importing.request import class_names
from core.serving.importing.settings import Description, description_of, name_classes
from core.serving.results import top_classes
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.facts_list import Fact, facts_list
from pages.shared.page import ATTRIBUTION, PREDICT, button_to
from pages.shared.text import count, plain, size, when
from pages.use.chosen_model import model_of, predictor_of
from pages.use.preparation_form import show_preparation

FORMS = {
    Form.EXPORT: "a zip exported by this app",
    Form.WEIGHTS: "weights alone",
    Form.ONNX: "an ONNX network",
}
SIDE, TOP = 180, 5
NAMED = 6  # classes


def show_model(workspace: Workspace, model: ImportedModel) -> None:
    """What it is and a first answer of it, then what can be changed."""
    try:
        description = description_of(model)
    except WorkbenchError:
        _manage(model)
        raise
    facts, answer = st.columns([2, 3], gap="large")
    with facts:
        st.html(facts_list(_facts(model, description)))
        with st.container(horizontal=True):
            key = key_of(Source.IMPORTED, model.id)
            button_to(PREDICT, "Predict with it", key="predict", primary=True, model=key)
            if model.origin.form is not Form.ONNX:
                button_to(ATTRIBUTION, "Look inside", key="look", network=key)
    with answer, errors_shown():
        _show_answer(workspace, model)
    with st.expander("How its pictures are prepared", icon=":material/tune:"), errors_shown():
        show_preparation(model, description)
    with st.expander("The names of its classes", icon=":material/label:"), errors_shown():
        _show_classes(model, description)
    if model.origin.told:
        with st.expander("What the file says of its making", icon=":material/history_edu:"):
            st.caption("Nobody has checked this: whoever made the file could write here what they liked.")
            st.code(json.dumps(model.origin.told, indent=1, ensure_ascii=False), language="json")
    with st.expander("Rename or delete", icon=":material/edit:"), errors_shown():
        _manage(model)


def _facts(model: ImportedModel, description: Description) -> list[Fact]:
    origin, shape = model.origin, description.preprocessing.shape
    facts = [
        ("Came as", FORMS[origin.form], f"{origin.file}, {size(origin.size)}, {when(origin.imported)}"),
        ("Network", _network(description), ""),
        ("Classes", f"{len(description.classes):,}", _named(description.classes)),
        ("Pictures", f"{shape[2]} x {shape[1]} pixels", "grey" if shape[0] == 1 else "colour"),
    ]
    if origin.temperature != 1:
        facts.append(("Temperature", f"{origin.temperature:.2f}", "it makes the probabilities honest"))
    return [
        *facts,
        ("SHA-256", f"{origin.sha256[:16]}…", "of the file, to compare with what its maker states"),
    ]


def _named(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:NAMED]) + (", …" if len(classes) > NAMED else "")


def _network(description: Description) -> str:
    match description:
        case OnnxDescription():
            return "ONNX, run by onnxruntime"
        case SavedModel():
            return f"a CNN of {count(len(description.cnn.blocks), 'block')}"
    return description.backbone


def _show_answer(workspace: Workspace, model: ImportedModel) -> None:
    """What it says of a photo, so that a wrong preparation is seen at once."""
    predictor = predictor_of(model_of(workspace, key_of(Source.IMPORTED, model.id), model.name))
    photo = st.segmented_control(
        "What it says of", list(Photo), default=Photo.CHINA, required=True, key="photo"
    )
    path = photo_path(Photo(photo))
    probabilities = calibrated(predictor.predict([predictor.read(path)]), predictor.temperature)[0]
    picture, bars = st.columns([1, 2])
    picture.image(thumbnail(open_picture(path), SIDE), alt=str(photo), width=SIDE, output_format="PNG")
    order = top_classes(probabilities, min(TOP, len(probabilities))).tolist()
    figure = probability_figure(predictor.classes, probabilities, order)
    bars.plotly_chart(figure, key="answer", config={"displayModeBar": False})


def _show_classes(model: ImportedModel, description: Description) -> None:
    with st.form(f"classes-{model.id}", border=False):
        typed = st.text_area(
            "One a line, in the order of the outputs", "\n".join(description.classes), height=200
        )
        if st.form_submit_button("Keep these names"):
            name_classes(model, class_names(typed))
            st.rerun()


def _manage(model: ImportedModel) -> None:
    with st.form(f"rename-{model.id}", border=False, width=480):
        name = st.text_input("Name", model.name, max_chars=MOST_NAME)
        if st.form_submit_button("Rename"):
            rename_imported(model, name)
            st.rerun()
    with st.popover("Delete this model", icon=":material/delete:"):
        st.markdown(f"**{plain(model.name)}** will be gone for good. The file that it came from stays yours.")
        if st.button("Delete", type="primary", key="confirm_delete"):
            delete_imported(model)
            st.rerun()
