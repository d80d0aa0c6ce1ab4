"""The server: `python -m pages`, with any option of `streamlit run` after it."""

import sys
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

APP = Path(__file__).resolve().parents[1] / "app.py"

# Until `st.navigation` has run once, Streamlit takes a folder called "pages" for its older kind of
# multipage app, and tells the first visitor of any page but the start page "Page not found".
PagesManager.uses_pages_directory = False

if __name__ == "__main__":
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    sys.exit(cli.main())
