import streamlit as st

from core.garbage import spare_loaded_modules
from pages.shared.page import (
    ARCHITECTURE,
    ASSETS,
    ATTRIBUTION,
    CHALLENGES,
    COMPARE,
    CONVOLUTION_LAB,
    CROSS_VALIDATE,
    DATASETS,
    EXPORT,
    FEATURE_MAPS,
    FEATURES,
    FILTERS,
    FINE_TUNE,
    LAYER_MATH,
    MODELS,
    PREDICT,
    RUNS,
    START,
    TRAIN_CNN,
    TUNE,
)

st.set_page_config(
    page_title="ConvNet Workbench",
    page_icon=ASSETS / "icon.svg",
    layout="wide",
    initial_sidebar_state=240,
    menu_items={"About": "**ConvNet Workbench**: explore, train and use CNNs on your own machine."},
)
st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "icon.svg")
page = st.navigation(
    {
        "": [st.Page(START, title="Start", icon=":material/home:", default=True)],
        "Learn": [
            st.Page(LAYER_MATH, title="Layer math", icon=":material/calculate:", url_path="layer-math"),
            st.Page(
                CONVOLUTION_LAB,
                title="Convolution lab",
                icon=":material/grid_on:",
                url_path="convolution-lab",
            ),
            st.Page(ARCHITECTURE, title="Architecture", icon=":material/account_tree:"),
            st.Page(CHALLENGES, title="Challenges", icon=":material/quiz:"),
        ],
        "Look inside": [
            st.Page(FILTERS, title="Filters", icon=":material/grid_view:"),
            st.Page(FEATURE_MAPS, title="Feature maps", icon=":material/blur_on:", url_path="feature-maps"),
            st.Page(ATTRIBUTION, title="Attribution", icon=":material/highlight:"),
        ],
        "Data": [st.Page(DATASETS, title="Datasets", icon=":material/photo_library:")],
        "Train": [
            st.Page(TRAIN_CNN, title="Train a CNN", icon=":material/layers:"),
            st.Page(FINE_TUNE, title="Fine-tune", icon=":material/tune:", url_path="fine-tune"),
            st.Page(FEATURES, title="Features", icon=":material/scatter_plot:"),
            st.Page(TUNE, title="Tune", icon=":material/target:"),
            st.Page(
                CROSS_VALIDATE,
                title="Cross-validate",
                icon=":material/view_week:",
                url_path="cross-validate",
            ),
            st.Page(RUNS, title="Runs", icon=":material/monitoring:"),
            st.Page(COMPARE, title="Compare", icon=":material/leaderboard:"),
        ],
        "Use": [
            st.Page(PREDICT, title="Predict", icon=":material/image_search:"),
            st.Page(EXPORT, title="Export", icon=":material/archive:"),
            st.Page(
                MODELS, title="Models from elsewhere", icon=":material/move_to_inbox:", url_path="models"
            ),
        ],
    }
)
try:
    page.run()
finally:  # a page may end early
    spare_loaded_modules()
