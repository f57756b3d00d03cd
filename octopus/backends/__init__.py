"""Providers of a language model: any endpoint that speaks OpenAI's API, recordings, replies written beforehand.

``question → body (dialect) → attempt (exchange) → reply (answers) or fault (faults) → again, or an error (openai)``.
"""
