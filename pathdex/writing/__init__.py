"""How entries are put into words: sheets, citations, cards, snippets, tables. Pure: values in, text out."""
