"""The catalog as pictures: what each shows, by which rule, and the table behind it."""
