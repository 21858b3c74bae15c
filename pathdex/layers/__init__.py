"""Building blocks that several networks of pathdex/architectures share; torch is imported when one of them is built."""
