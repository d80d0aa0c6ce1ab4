import pytest
import streamlit as st


@pytest.fixture(autouse=True)
def nothing_held() -> None:
    """No network of another test is in memory: runs of one name lie in every workspace."""
    st.cache_resource.clear()
    st.cache_data.clear()
