"""The nightly: many models, several rungs, each in a process of its own; a run that is killed is taken up again.

A run has a folder: `plan.json` says what is to be done, `done/` has a file for each model and rung that ended, and `report.md`,
`report.json` and `junit.xml` tell how it went. Workers write evidence and `done/`; the run reads `done/` and nothing else.
"""
