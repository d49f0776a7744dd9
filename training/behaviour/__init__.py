"""What a model must do on single, telling cases: minimum functionality, invariance, direction.

Source: Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList". The cases stand in ``configs/behaviour``.
"""
