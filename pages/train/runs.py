from pages.shared.page import DATASETS, empty_state, open_page

open_page("Runs", "Every training run: how it went, side by side with the others.")
empty_state("There is no run yet.", DATASETS, "Go to datasets", key="to_datasets")
