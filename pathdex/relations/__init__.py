"""What follows from entries taken together: descent, contamination, differences, coverage. Computed, never typed."""
