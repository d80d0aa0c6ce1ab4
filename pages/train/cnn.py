from pages.shared.page import DATASETS, empty_state, open_page

open_page("Train a CNN", "Design a small convolutional network, train it on a data set, and watch it learn.")
empty_state("Bring a data set first.", DATASETS, "Go to datasets", key="to_datasets")
