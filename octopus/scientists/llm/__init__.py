"""A scientist that asks a language model: what it is told, how its replies are read, and what they may do."""
