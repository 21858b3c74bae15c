"""Pictures as plain numbers: where each mark, bar and name stands; the templates turn them into SVG."""
