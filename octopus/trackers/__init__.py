"""Trackers: views of a run in other people's tools, fed from its journal by a process of their own.

``journal → entries (pure) → sender → MLflow``. A fit registers its run and goes on; the follower does the rest.
"""
