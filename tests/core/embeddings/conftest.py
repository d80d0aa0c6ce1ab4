from tests.core.embeddings.runs import features_home, finished

__all__ = ["features_home", "finished"]
