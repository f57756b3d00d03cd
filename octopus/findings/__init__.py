"""What a senior sees in the data before the first experiment."""
