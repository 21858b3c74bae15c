"""A model: one released (or announced) checkpoint."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pathdex.schema.published import Expected
from pathdex.schema.receipt import Receipted, Sources
from pathdex.schema.record import Record, Some
from pathdex.schema.training import Training
from pathdex.schema.values import (
    Argument,
    Commit,
    HubName,
    Length,
    Line,
    PartialDate,
    Plain,
    Positive,
    Reference,
    Shade,
    Slug,
    Text,
    Url,
    Variant,
    Words,
)
from pathdex.schema.weights import Weights

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
    """Model name in timm, class in transformers, module in pathdex/architectures, or dotted name in the authors' code."""
    kwargs: Annotated[dict[Argument, bool | int | float | str | list[bool | int | float | str]], Field(strict=False)] = {}
    """Arguments. Classes are written as dotted names below timm.layers or torch.nn."""
    file: Line | Some[Line] | None = None
    """File of weights that fills the module, where the repository has several for several purposes; or a list of those that fill
    it together. A folder, such as llm/ or ./ for the topmost, stands for the file of weights in it that has the usual name."""
    prefix: Line | None = None
    """What stands before the module's names in the checkpoint, with its dot; nested dictionaries count as dots, and so do the
    folders and files of an archive, without their endings, as in folder.file.state_dict."""
    unused: Some[Line] = ()
    """Stored tensors that the module has no place for, on purpose: names, or patterns with `*`, such as `head.*`."""
    layout: Literal["dinov2", "llava"] | None = None
    """Whose names the checkpoint's tensors carry, when they are not the built module's: dinov2, whose code's names timm converts,
    or llava, the code by which LLaVA was trained first, for LLaVA in transformers."""
    environment: Annotated[Slug, Plain()] = "default"
    """Environment group whose library versions load it."""


class Part(Record):
    """A network beside the model's own that drawing needs, such as the one that turns latents into pixels."""

    loader: Loader
    """The recipe that builds it and says in which file and under which prefix its tensors lie."""
    repository: HubName | None = None
    """Hugging Face repository, owner/name, where it is not the model's."""
    revision: Commit | None = None
    """Commit of that repository."""


class Generation(Record):
    """How a diffusion model draws, with the values of its authors."""

    sampler: Literal["ddim", "ddim-clipped", "plms", "dpm-solver++"]
    """How noise is taken away step by step; clipped, when each guess of the image is kept between -1 and 1."""
    steps: Positive
    """Steps that the authors take."""
    betas: Literal["linear", "scaled-linear"]
    """How the variance of the noise grows over 1000 steps: itself evenly, or its root."""
    first_beta: Length
    """Variance that the first step adds."""
    last_beta: Length
    """Variance that the last step adds."""
    guidance: Length | None = None
    """How far what is foretold with a condition is pushed from what is foretold without; 1, or left out, is no guidance."""
    eta: Length | None = None
    """How much of the noise that a step takes away is drawn anew; left out, none is."""
    latents: Annotated[tuple[Positive, Positive, Positive], Field(strict=False)]
    """Channels, height and width of what is denoised: latents, or the pixels themselves."""
    scale: Length | None = None
    """Number by which latents are divided before they are decoded."""
    shift: float | None = None
    """Number that is added to them then."""
    decoder: Part | None = None
    """Turns latents into pixels; left out where pixels are denoised."""
    condition: Part | None = None
    """Makes of what the user gives the tokens that guide; left out where the user gives them."""
    control: Part | None = None
    """Steers each step by a picture, which the user gives last."""
    inputs: Text
    """What the user gives to guide the drawing, with shapes and units."""


class Writing(Record):
    """How a language model is asked, and how its answer ends; it answers with the likeliest word each time."""

    prompt: Words
    """What it reads, with {image} in the place of what it sees and {question} in that of the user's words."""
    end: Words
    """Word of its tokenizer that ends an answer."""
    tokenizer: HubName | None = None
    """Hugging Face repository of its tokenizer, owner/name, where that is not the model's."""
    revision: Commit | None = None
    """Commit of that repository."""
    folder: Line | None = None
    """Folder of the tokenizer in its repository."""
    inputs: Text
    """What the user gives for it to see, with shapes and units."""


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
    mean: Annotated[tuple[Shade, Shade, Shade], Field(strict=False)] | None = None
    """Mean subtracted, R G B, for values from 0 to 1."""
    std: Annotated[tuple[Length, Length, Length], Field(strict=False)] | None = None
    """Standard deviation divided by, R G B."""
    mpp: Some[Length] = ()
    """Microns per pixel at which the authors mean it to be used."""
    magnification: Some[Length] = ()
    """Objective magnification at which the authors mean it to be used."""


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
    """A known trap in loading or using the model, or what stands in the way of it."""

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
    organizations: Annotated[Some[Line], Field(min_length=1)] = ()
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
    unsupported: Annotated[Pitfall | None, Plain()] = None
    """Why pathdex can't build it, of a released model without a recipe; its own reports give this reason."""
    generation: Generation | None = None
    """How it draws images, where it does by diffusion."""
    writing: Writing | None = None
    """How it is asked, where it answers in words."""
    foundation: Part | None = None
    """The frozen network of others through which it stains or draws, which its own files leave out."""
    channels: Some[Line] = ()
    """Names of the maps that it stains, in the order of its output."""
    parameters: dict[Scope, Parameters] = {}
    """Reported number of parameters by scope."""
    embeddings: dict[Variant, Embedding] = {}
    """Named embedding variants, one of them the default."""
    preprocess: Preprocess | None = None
    """What happens to a tile before the model sees it."""
    expected: Annotated[Some[Expected], Plain()] = ()
    """Outputs that the authors publish, against which the loaded model is held."""
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

    @model_validator(mode="after")
    def expected_of_itself(self) -> "Model":
        """A published output is one of the entry's embeddings."""
        if unknown := [one.variant for one in self.expected if one.variant not in self.embeddings]:
            raise ValueError(f"expected: no embedding {unknown[0]!r}; name one of {sorted(self.embeddings)}")
        return self
