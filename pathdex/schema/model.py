"""A model: one released (or announced) checkpoint."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pathdex.schema.quantity import Quantity
from pathdex.schema.receipt import Receipted, Sources
from pathdex.schema.record import Record, Some
from pathdex.schema.values import (
    Commit,
    HubName,
    Length,
    Licence,
    Line,
    PartialDate,
    Plain,
    Positive,
    Reference,
    Sha256,
    Slug,
    Text,
    Url,
)

Kind = Literal[
    "patch-encoder",
    "slide-encoder",
    "vision-language",
    "generative",
    "multimodal-llm",
    "segmentation",
    "virtual-staining",
    "other",
]
Scope = Literal["image-encoder", "text-encoder", "slide-encoder", "decoder", "full-model"]
Pooling = Literal["cls", "mean", "cls+mean", "pooler", "projection", "attention", "register", "none"]
Triple = Annotated[tuple[Length, Length, Length], Field(strict=False)]


class File(Record):
    """One file of weights."""

    name: Line
    """Path inside the repository."""
    bytes: Positive | None = None
    """Size."""
    sha256: Sha256 | None = None
    """Hash of the whole file."""


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


class Architecture(Record):
    """The network's shape, as its authors give it."""

    backbone: Line
    """Name as the authors use it, such as ViT-H/14."""
    depth: Positive | None = None
    """Transformer blocks."""
    width: Positive | None = None
    """Token width."""
    heads: Positive | None = None
    """Attention heads a block."""
    feed_forward: Line | None = None
    """Kind and hidden width of the feed-forward part."""
    patch: Positive | None = None
    """Side of a patch in pixels."""
    registers: Annotated[int, Field(ge=0)] | None = None
    """Register tokens beside the class token."""
    input: Positive | None = None
    """Native side of the input in pixels."""
    notes: Text | None = None
    """What the fields above can't say."""


class Loader(Record):
    """The recipe that builds the module; never remote code by default."""

    library: Literal["timm", "transformers", "open_clip", "diffusers", "pathdex", "custom"]
    """Who builds it: a library, `pathdex` for a module in pathdex/architectures, `custom` for the authors' own code."""
    factory: Line
    """Model name in timm, class name in transformers, or dotted name in the authors' code."""
    kwargs: Annotated[dict[str, bool | int | float | str | list[bool | int | float | str]], Field(strict=False)] = {}
    """Arguments. Classes are written as dotted names below timm.layers or torch.nn."""
    prefix: Line | None = None
    """Prefix of the module's keys in the checkpoint."""
    environment: Annotated[Slug, Plain()] = "default"
    """Environment group whose library versions load it."""


class Parameters(Record):
    """What is claimed of the number of parameters in one scope; the count comes from evidence."""

    reported: Positive
    """The number as the source gives it; 632 M is 632_000_000."""


class Embedding(Record):
    """One named way of taking a vector out of the model."""

    width: Positive
    """Length of the vector."""
    pooling: Pooling
    """What is taken: class token, mean of patch tokens, both in this order, the pooler's output, the projection, attention."""
    default: Annotated[bool, Plain()] = False
    """Whether the authors use this one by default."""
    notes: Text | None = None
    """What the reader must know to take it right."""


class Preprocess(Record):
    """What happens to a tile before the model sees it."""

    resize: Positive | None = None
    """Shorter side after resizing, in pixels."""
    crop: Positive | None = None
    """Side of the centre crop, in pixels."""
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] | None = None
    """How resizing interpolates."""
    mean: Triple | None = None
    """Mean subtracted, R G B, for values from 0 to 1."""
    std: Annotated[tuple[Length, Length, Length], Field(strict=False)] | None = None
    """Standard deviation divided by, R G B."""
    mpp: Some[Length] = ()
    """Microns per pixel at which the authors mean it to be used."""
    magnification: Some[Length] = ()
    """Objective magnification at which the authors mean it to be used."""


class TrainingData(Record):
    """One source of training images."""

    dataset: Annotated[Slug, Reference("datasets")] | None = None
    """Id of the data set, where the catalog has it."""
    name: Line | None = None
    """Name, where the catalog has no entry for it."""
    public: bool | None = None
    """Whether others can get the images."""
    slides: Quantity | None = None
    """Slides taken from it."""

    @model_validator(mode="after")
    def named(self) -> "TrainingData":
        """Either an id or a name."""
        if (self.dataset is None) == (self.name is None):
            raise ValueError("training data has either an entry or a name; give dataset or name")
        return self


class Compute(Record):
    """What the training cost."""

    gpu: Line | None = None
    """Kind of accelerator."""
    gpus: Positive | None = None
    """Number of accelerators."""
    gpu_hours: Length | None = None
    """Accelerator hours."""
    steps: Positive | None = None
    """Optimiser steps."""
    batch: Positive | None = None
    """Images a step over all devices."""


class Training(Record):
    """What it was trained on and how."""

    algorithm: Line | None = None
    """Training method, such as DINOv2."""
    initialisation: Line | None = None
    """Starting weights that are no entry of this catalog; entries stand in lineage."""
    slides: Quantity | None = None
    """Whole-slide images."""
    tiles: Quantity | None = None
    """Distinct tiles."""
    patients: Quantity | None = None
    """Patients."""
    pairs: Quantity | None = None
    """Image-text pairs."""
    data: Some[TrainingData] = ()
    """Sources of the images."""
    data_complete: bool | None = None
    """Whether `data` names all of them; without it, contamination stays unknown."""
    stains: Some[Line] = ()
    """Stains, such as H&E, IHC."""
    magnifications: Some[Length] = ()
    """Objective magnifications of the training tiles."""
    mpp: Some[Length] = ()
    """Microns per pixel of the training tiles."""
    compute: Compute | None = None
    """What it cost."""


ModelIds = Some[Annotated[Slug, Reference("models")]]


class Lineage(Record):
    """The models that this one comes from; each is an entry."""

    initialised_from: ModelIds = ()
    """Weights that training started from."""
    distilled_from: ModelIds = ()
    """Teachers."""
    uses_encoder: ModelIds = ()
    """Frozen encoders whose embeddings it reads."""
    supersedes: ModelIds = ()
    """Earlier models that its authors replace by it."""


class Pitfall(Record):
    """A known trap in loading or using the model."""

    what: Text
    """The trap and the way round, in our own words."""
    source: Sources
    """Where it can be seen."""


class Model(Receipted):
    """One released (or announced) checkpoint."""

    name: Annotated[Line, Plain()]
    """Name as its authors write it."""
    family: Annotated[Line, Plain()] | None = None
    """Name shared with its relatives."""
    kind: Annotated[Kind, Plain()]
    """What it is."""
    summary: Annotated[Text, Plain()]
    """One or two sentences in our own words."""
    organizations: Some[Line]
    """Who made it."""
    released: PartialDate | None = None
    """When the weights, or the announcement of a closed model, came out."""
    papers: Annotated[Some[Annotated[Slug, Reference("papers")]], Plain()] = ()
    """Papers about it; the one that introduces it first."""
    code: Url | None = None
    """The authors' code."""
    weights: Weights
    """Access, licence, host, files."""
    architecture: Architecture | None = None
    """The network's shape."""
    loader: Loader | None = None
    """The recipe that builds it."""
    parameters: dict[Scope, Parameters] = {}
    """Reported number of parameters by scope."""
    embeddings: dict[str, Embedding] = {}
    """Named embedding variants, one of them the default."""
    preprocess: Preprocess | None = None
    """What happens to a tile before the model sees it."""
    training: Training | None = None
    """What it was trained on and how."""
    lineage: Lineage | None = None
    """The models that it comes from."""
    pitfalls: Annotated[Some[Pitfall], Plain()] = ()
    """Known traps."""

    @model_validator(mode="after")
    def one_default(self) -> "Model":
        """Embeddings have one default."""
        defaults = [name for name, embedding in self.embeddings.items() if embedding.default]
        if self.embeddings and len(defaults) != 1:
            raise ValueError(
                f"embeddings have {len(defaults)} defaults; mark one of {sorted(self.embeddings)} with default: true"
            )
        return self
