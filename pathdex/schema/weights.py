"""The weights of a model: access, licence, host, files."""

from typing import Literal

from pydantic import model_validator

from pathdex.schema.record import Record, Some
from pathdex.schema.values import Commit, HubName, Licence, Line, Positive, Sha256, Text, Url


class File(Record):
    """One file of weights."""

    name: Line
    """Path inside the repository."""
    bytes: Positive | None = None
    """Size."""
    sha256: Sha256 | None = None
    """Hash of the whole file."""
    url: Url | None = None
    """Address that gives the file itself, where it is not to be had at that of the weights."""


class Weights(Record):
    """Where the weights are and what may be done with them."""

    access: Literal["open", "gated", "request", "none"]
    """Open: anyone downloads. Gated: a form on the host. Request: by mail or agreement. None: never released."""
    license: Licence | None = None
    """SPDX expression of the licence of the weights, or LicenseRef-Name."""
    license_url: Url | None = None
    """The licence's text; needed for a LicenseRef."""
    commercial_use: Literal["allowed", "forbidden", "conditional"] | None = None
    """Whether the licence allows commercial use of the weights."""
    condition: Text | None = None
    """The condition, where commercial use is conditional."""
    repository: HubName | None = None
    """Hugging Face repository, owner/name."""
    url: Url | None = None
    """Download or request page, where the weights are not on Hugging Face."""
    revision: Commit | None = None
    """Commit of the repository that the entry speaks of."""
    dtype: Literal["float32", "float16", "bfloat16"] | None = None
    """Type of most of the numbers in the files."""
    files: Some[File] = ()
    """The files of weights."""

    @model_validator(mode="after")
    def fits(self) -> "Weights":
        """Access, host, licence and condition fit together."""
        if self.access in ("open", "gated") and not (self.repository or self.url):
            raise ValueError(f"weights that are {self.access} have a host; add repository or url")
        if self.access == "none" and (self.files or self.revision):
            raise ValueError("weights that were never released have no files or revision; remove them or correct access")
        if "LicenseRef-" in (self.license or "") and not self.license_url:
            raise ValueError(f"{self.license!r} needs its text; add license_url")
        if (self.commercial_use == "conditional") != (self.condition is not None):
            raise ValueError("commercial_use: conditional and condition go together; give both or neither")
        return self
