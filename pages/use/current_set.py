"""The set of pictures that the page shows: which it is, and a model's answers about it."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from core.errors import WorkbenchError
from core.records import to_json
from core.runs.prediction_jobs import QUICK, QUICK_ZIP, ask, mark_done
from core.runs.store import Run, RunState, delete_run, is_active, open_run
from core.serving.prediction_set import ZIP, Answers, Asked, load_answers, number_of
from core.workspace import Workspace
from pages.shared.job import show_end, watch_job
from pages.use.chosen_model import ChosenModel, predictor_of

SET = "set"  # its id, in the address
LOOKED_AT = "looked_at"  # the position of the picture that is shown closely


def open_set(run: Run) -> None:
    """Show this set from now on."""
    st.query_params[SET] = run.id
    st.session_state.pop(LOOKED_AT, None)


def look_at(position: int) -> None:
    """Show the picture at that position closely from now on."""
    st.session_state[LOOKED_AT] = position


def drop_set(run: Run) -> None:
    """Delete a set with its pictures.

    Raises:
        RunError: it is still being predicted.
    """
    delete_run(run)
    if st.query_params.get(SET) == run.id:
        del st.query_params[SET]


def current_set(workspace: Workspace) -> Run | None:
    """The set in the address, if it is still there."""
    if (asked := st.query_params.get(SET)) is not None:
        with suppress(WorkbenchError):
            return open_run(workspace.predictions, asked)
        st.warning("That set of pictures is gone: it was deleted, or is older than a week.")
        del st.query_params[SET]
    return None


def answers_of(pictures: Run, questions: dict[Asked, ChosenModel]) -> list[Answers] | None:
    """What the models say of the set; None while they are still to be asked, which the page then shows.

    Raises:
        WorkbenchError: a model or the pictures can't be read.
    """
    found = {asked: load_answers(pictures.folder, asked) for asked in questions}
    missing = [asked for asked, answers in found.items() if answers is None]
    if not missing:
        return [answers for answers in found.values() if answers is not None]
    if is_active(pictures):
        watch_job(pictures)
        return None
    if _is_quick(pictures) and all(_is_ready(asked, questions[asked]) for asked in missing):
        for asked in missing:
            found[asked] = _predict_here(pictures, asked, questions[asked])
        mark_done(pictures)
        return [answers for answers in found.values() if answers is not None]
    _ask_the_job(pictures, list(questions))
    return None


def _predict_here(pictures: Run, asked: Asked, model: ChosenModel) -> Answers:
    from core.serving.predicting import predict_set

    place = st.empty()

    def show(done: int, total: int, what: str) -> None:
        place.progress(done / max(total, 1), text=f"{what.capitalize()}: {done:,} of {total:,}")

    familiarity = model.familiarity if asked.distances else None
    try:
        return predict_set(pictures.folder, asked, predictor_of(model), familiarity, on_progress=show)
    finally:
        place.empty()


def _ask_the_job(pictures: Run, questions: list[Asked]) -> None:
    """Start the job; where it has failed, or a large set was predicted before, it waits for a press."""
    status, before = pictures.status(), pictures.config().get("asked")
    if not before or (_is_quick(pictures) and before != to_json(questions)):
        ask(pictures, questions)
        st.rerun()
    if status.state in (RunState.FAILED, RunState.LOST):
        show_end(status)
    elif status.state is RunState.STOPPED:
        st.info("This was cancelled before its end, and nothing was kept.", icon=":material/block:")
    else:
        st.info("These pictures have not been predicted with this model and these settings yet.")
    if st.button("Predict them", type="primary", key="ask_again"):
        ask(pictures, questions)
        st.rerun()


def _is_quick(pictures: Run) -> bool:
    """Whether the page predicts the set by itself."""
    packed = pictures.folder / ZIP
    is_large = packed.exists() and packed.stat().st_size > QUICK_ZIP
    return not is_large and number_of(pictures.folder) <= QUICK


def _is_ready(asked: Asked, model: ChosenModel) -> bool:
    """Whether nothing has to be learned first to answer that."""
    return not asked.distances or model.familiarity is not None
