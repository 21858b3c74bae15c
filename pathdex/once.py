"""Answers that are worked out once and kept with what they are about: a catalog never changes."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

Subject = TypeVar("Subject")
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
File = TypeVar("File", bound=tuple[str, str | bytes])

Question = tuple[Any, ...]
"""A function and what it is asked beside its subject."""


class Answers:
    """What was worked out about one subject."""

    def __init__(self) -> None:
        self.known: dict[Question, Any] = {}

    def of(self, question: Question, work: Callable[[], Any]) -> Any:
        """The answer to the question, by doing the work if nobody has."""
        if question not in self.known:
            self.known[question] = work()
        return self.known[question]

    def renewed(self, question: Question, work: Callable[[], Any]) -> Any:  # noqa: ARG002
        """The file that an output asks for once only: nothing is gained by keeping it here."""
        return work()


def once(function: Callable[Concatenate[Subject, Asked], Answer]) -> Callable[Concatenate[Subject, Asked], Answer]:
    """Keep the function's answers with the subject, its first argument; who gets an answer may not change it."""

    @functools.wraps(function)
    def answered(subject: Subject, /, *asked: Asked.args, **named: Asked.kwargs) -> Answer:
        work = functools.partial(function, subject, *asked, **named)
        found: Answer = answers_about(subject).of((function, *asked), work)
        return found

    return answered


def renewed(subject: object, question: Question, function: Callable[..., File], *arguments: Any) -> File:
    """A file of an output: what the function gives for the subject, or gave for a former one if that still holds.

    It holds as long as nothing changed that the function, and what ran before it in the same output, was told of the subject.
    A question leads to the same path each time, so whoever keeps files up to date may make the content only when it is wanted.
    """
    found: File = answers_about(subject).renewed(question, functools.partial(function, *arguments))
    return found


def answers_about(subject: object) -> Answers:
    """Where the answers about the subject are kept."""
    held = vars(subject)
    if "answers" not in held:
        held["answers"] = Answers()
    found: Answers = held["answers"]
    return found
