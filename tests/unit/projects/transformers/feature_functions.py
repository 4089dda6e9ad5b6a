"""Functions that a person may name as custom features."""

import pandas as pd


def doubled(frame):
    return frame.assign(twice=frame["a"] * 2, when=pd.Timestamp("2024-01-02"), flag=frame["a"] > 1)


def raising(frame):
    return frame["no such column"]


def halved(frame):
    return frame.head(len(frame) // 2)


def listing(frame):
    return frame.to_numpy().tolist()


def changing(frame):
    return frame.assign(late=1.0) if len(frame) > 2 else frame


NOT_CALLABLE = 7
