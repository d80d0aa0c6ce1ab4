import streamlit as st

from pages.shared.errors import show_uncaught

# The script is not named here directly: beside a folder called "pages", Streamlit would greet the first
# visitor of any page but the first with "Page not found".
app = st.App("pages/navigation.py", on_script_error=show_uncaught)
