from pages.shared.page import DATASETS, empty_state, open_page

open_page("Predict", "Classify new pictures with a network that you have trained.")
empty_state("Train a network first.", DATASETS, "Go to datasets", key="to_datasets")
