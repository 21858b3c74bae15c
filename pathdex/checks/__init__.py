"""Checks: what a schema can't know. A public function in a module here is a check; its docstring is the law, `<module>/<name>` its id."""
