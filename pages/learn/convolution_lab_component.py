"""The part of the convolution lab that plays in the browser; Python sends it a scene and hears of edits."""

from collections.abc import Callable

import streamlit as st

from core.figures.lab_scene import Scene
from pages.shared.page import ASSETS

FOLDER = ASSETS / "convolution_lab"
SCRIPTS = ("geometry", "colors", "map_view", "lens", "lab", "component")  # one module, in this order

_draw = st.components.v2.component(
    "convolution_lab",
    html='<div style="container-type: inline-size"><div class="lab"></div></div>',
    css=(FOLDER / "style.css").read_text(encoding="utf-8"),
    js="\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS),
)


Weights = list[list[list[float]]]


def draw(scene: Scene, on_weights: Callable[[Weights], None] | None = None) -> None:
    """Show `scene`; `on_weights` gets the weights [C][rows][columns] when one is changed in the grid."""

    def take() -> None:
        if on_weights:
            on_weights(st.session_state["lab"]["weights"])

    if _draw(data=scene, key="lab", on_weights_change=take).weights:
        st.rerun()  # the whole page: what was edited shows in controls outside of the fragment, too
