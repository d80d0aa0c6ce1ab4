from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parent / "assets"

st.set_page_config(
    page_title="ConvNet Workbench",
    page_icon=ASSETS / "icon.svg",
    layout="wide",
    initial_sidebar_state=240,
    menu_items={"About": "**ConvNet Workbench**: explore, train and use CNNs on your own machine."},
)
st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "icon.svg")
st.navigation(
    {
        "": [st.Page("pages/home/start.py", title="Start", icon=":material/home:", default=True)],
        "Data": [st.Page("pages/data/datasets.py", title="Datasets", icon=":material/photo_library:")],
        "Train": [
            st.Page("pages/train/cnn.py", title="Train a CNN", icon=":material/layers:"),
            st.Page("pages/train/runs.py", title="Runs", icon=":material/monitoring:"),
        ],
        "Use": [st.Page("pages/use/predict.py", title="Predict", icon=":material/image_search:")],
    }
).run()
