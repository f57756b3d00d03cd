"""Kinds of model: what each suits and what the playbook may try with it."""
