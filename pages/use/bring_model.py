"""Bringing a model file in: what it is, and what the file can't say of itself."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.data.preprocessing import ColorMode, Preprocessing
from core.models.imported import MOST_NAME, Form
from core.models.presets import PRESETS
from core.models.source import Source, key_of
from core.runs.model_jobs import forget_model_import, model_imports, start_model_import, tidy_model_imports
from core.runs.overview import overview_of
from core.runs.store import RunState, list_runs
from core.serving.importing.request import ModelImport, class_names, form_of
from core.workspace import Workspace
from pages.look.network import backbones, title
from pages.shared.errors import errors_shown
from pages.shared.job import show_end, watch_job
from pages.shared.pickers import pick
from pages.shared.text import plain

MOST_MEGABYTES = 2000
WORDS = {
    Form.EXPORT: "**An export of this app.** It says itself what it is.",
    Form.WEIGHTS: "**Weights alone.** Say which network they are of, and what its classes are called.",
    Form.ONNX: "**A network as ONNX.** It predicts; how its pictures are prepared is asked for afterwards.",
}
KINDS = """
**What can be brought**: a zip that this app exported; the weights of a backbone (one of torchvision's, or
EfficientNet-Lite0) or of a CNN of this app, as safetensors or as a state dict that `torch.save` wrote; or any
network as ONNX, to predict with.

A file is checked in a process of its own before it is used, and **nothing in it is run**: one that holds code
is refused, and the code is named.
"""


def bring_model(workspace: Workspace) -> None:
    """The file, and the button that takes it in."""
    st.markdown(KINDS)
    upload = st.file_uploader("Model file", max_upload_size=MOST_MEGABYTES, key=_fresh_key())
    if upload is None:
        return
    with errors_shown():
        form = form_of(upload)
        st.markdown(WORDS[form])
        name = st.text_input("Name", Path(upload.name).stem[:MOST_NAME] or "Model", max_chars=MOST_NAME)
        like, pictures, classes = "", None, ()
        if form is Form.WEIGHTS:
            like, pictures = _choose_network(workspace)
        if form is not Form.EXPORT:
            classes = _class_names()
        if st.button("Bring it in", type="primary", icon=":material/upload_file:"):
            request = ModelImport(name, upload.name, like=like, classes=classes, pictures=pictures)
            with st.spinner("Storing the file"):
                run = start_model_import(workspace, request, upload)
            st.session_state["model_import"] = run.id
            st.session_state["models_taken"] = st.session_state.get("models_taken", 0) + 1
            st.rerun()


def show_imports(workspace: Workspace) -> str | None:
    """Those at work or refused; the id of the model that this browser has just brought in."""
    tidy_model_imports(workspace)
    mine, made = st.session_state.get("model_import"), None
    for run in model_imports(workspace):
        with errors_shown():
            status = run.status()
            if status.state.is_active:
                watch_job(run)
            elif status.state in (RunState.FAILED, RunState.LOST):
                st.markdown(f"**{plain(run.name)}** was not taken in; nothing of it was kept.")
                show_end(status)
                if st.button("Dismiss", key=f"dismiss_{run.id}"):
                    forget_model_import(run)
                    st.rerun()
            elif run.id == mine:
                made = status.result.get("model_id")
                del st.session_state["model_import"]
    return made


def _choose_network(workspace: Workspace) -> tuple[str, Preprocessing | None]:
    """The network that bare weights are of, and for a preset the pictures that it was built for."""
    runs = [run for each in list_runs(workspace.runs) if (run := overview_of(each)).kind == "train-cnn"]
    words = {key_of(Source.BACKBONE, name): f"{title(name)}  ·  backbone" for name in backbones()}
    words |= {f"preset.{key}": f"{preset.name}  ·  CNN of this app" for key, preset in PRESETS.items()}
    words |= {key_of(Source.RUN, run.id): f"{run.name}  ·  the CNN of this run" for run in runs}
    like = pick("The network", words, key="like")
    kind, _, chosen = like.partition(".")
    if kind != "preset":
        return like, None
    preset = PRESETS[chosen]
    with st.container(horizontal=True):
        height = st.number_input("Height (pixels)", 1, 2048, preset.size[0], key=f"height-{chosen}")
        width = st.number_input("Width (pixels)", 1, 2048, preset.size[1], key=f"width-{chosen}")
        color = st.segmented_control(
            "Colour", list(ColorMode), default=preset.color, required=True, key=f"color-{chosen}"
        )
    return like, Preprocessing.of((int(height), int(width)), color or preset.color)


def _class_names() -> tuple[str, ...]:
    typed = st.text_area(
        "Names of the classes, one a line, in the order of the outputs",
        placeholder="cat\ndog",
        height=120,
        key="class_names",
        help="Without any, ImageNet's 1,000 classes get their names, and others numbers. They can be changed "
        "later.",
    )
    listed = st.file_uploader("Or a text file with them", max_upload_size=1, key=f"names-{_fresh_key()}")
    return class_names(listed.getvalue().decode("utf-8", "replace") if listed is not None else typed)


def _fresh_key() -> str:
    """A new key after each file that was taken: the uploader empties, and its memory is freed."""
    return f"model-{st.session_state.get('models_taken', 0)}"
