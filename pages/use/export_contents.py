"""What an export holds, in a sentence a file, and how a run starts without the app's pages."""

import shlex

import streamlit as st

from core.runs.store import Run
from core.workspace import workspace_around

CONTENTS = {
    "model.onnx": "the network **with its preprocessing inside**: any RGB picture in, probabilities out",
    "predict_onnx.py": "predicts files or a folder with it, into a table; needs no PyTorch",
    "model.pt, model.safetensors": "the weights: PyTorch's state dict, and a format that can't hold code",
    "model.py": "the network, its preprocessing and its classes as PyTorch to read and to change; the "
    "class of an EfficientNet-Lite0 stands beside it",
    "predict.py": "predicts files or a folder with these",
    "pictures.py, command_line.py": "what both scripts share: decoding as here, and their command line",
    "README.md": "the model card: classes, data, scores with 95 % intervals, limits, seed, dates",
    "config.json": "all of it for programs, with the SHA-256 of each file",
    "requirements.txt, requirements-onnx.txt": "the packages with their versions",
    "run.json": "all settings of the training, to run it again",
    "LICENSES": "of pretrained weights, where it began with such",
}


def show_contents() -> None:
    st.subheader("What is in it", anchor=False)
    lines = "\n".join(
        f"| `{'`, `'.join(names.split(', '))}` | {words} |" for names, words in CONTENTS.items()
    )
    st.markdown(f"| file | what it is |\n|---|---|\n{lines}")
    st.code(
        "pip install -r requirements-onnx.txt\npython predict_onnx.py my_pictures --top 3 --out results.csv",
        language="bash",
    )


def show_headless(run: Run) -> None:
    with st.expander("Run the training again without the app's pages", icon=":material/terminal:"):
        st.markdown(
            "On any machine that has the project and, in its workspace, the data set. With the run's folder "
            "as it is, it goes on from where it was left; with its settings alone, `run.json` of the export, "
            "it starts anew:"
        )
        runs = workspace_around(run.folder).runs
        again = shlex.quote(str(runs / "again"))
        st.code(
            f"mkdir -p {again}\ncp run.json {again}/config.json\npython -m core.runs.worker {again}",
            language="bash",
            wrap_lines=True,
        )
