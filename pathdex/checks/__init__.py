"""Checks: what a schema can't know. A public function here is a check; its docstring is the law, `<module>/<name>` its id."""
