"""Drawing by diffusion: seeded noise, the authors' sampler, guidance by a condition, and latents turned into pixels."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pathdex.filling import library
from pathdex.measuring.pooling import Unavailable
from pathdex.obtaining import Origin
from pathdex.schema import Model
from pathdex.schema.model import Generation, Part
from pathdex.schema.weights import Weights

Tensor = Any  # torch.Tensor
Module = Any  # torch.nn.Module
SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    # The schedules of latent diffusion count steps from 1 and end at the first step's noise, not at none.
    "ddim": ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}),
    "ddim-clipped": ("DDIMScheduler", {"clip_sample": True}),
    "plms": ("PNDMScheduler", {"skip_prk_steps": True, "set_alpha_to_one": False, "steps_offset": 1}),
    # The solver's own code stops at the first step's noise too.
    "dpm-solver++": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "final_sigmas_type": "sigma_min"},
    ),
}
"""Schedulers of diffusers, with what they need to step as the authors' samplers do."""
STEPS = 1000
"""Steps over which all of them learned."""


@dataclass
class Painter:
    """A denoiser with the networks beside it, all on one device and in one precision."""

    model: Model
    module: Module
    decoder: Module | None
    condition: Module | None
    control: Module | None
    foundation: Module | None
    device: str
    dtype: Any

    def draw(self, *given: Tensor, count: int | None, seed: int, steps: int | None, guidance: float | None) -> Tensor:
        """As `Encoder.generate`."""
        import torch

        generation = recipe(self.model)
        strength = (generation.guidance or 1.0) if guidance is None else guidance
        with torch.inference_mode():
            picture = given[-1].to(self.device, self.dtype) if given and self.control is not None else None
            guides, nothing = self._guides(given if picture is None else given[:-1], count, strength)
            chances = generators(seed, len(guides))
            start = noise(generation.latents, chances).to(self.device)
            foretold = self._foretold(guides, nothing, strength, picture)
            return self._pixels(sampled(generation, start, foretold, steps or generation.steps, chances))

    def _guides(self, given: tuple[Tensor, ...], count: int | None, strength: float) -> tuple[Tensor, Tensor | None]:
        """Tokens [B, M, width] that guide, and those that stand for nothing, where they are needed."""
        absent = self.condition is not None and hasattr(self.condition, "nothing")
        if not given:
            if not absent or self.control is not None:
                raise Unavailable(f"{self.model.name} draws nothing without a condition: {recipe(self.model).inputs}")
            return self._nothing(count or 1), None
        if strength != 1 and not absent:
            raise Unavailable(f"{self.model.name} has nothing to be guided away from; leave guidance at 1")
        placed = [one.to(self.device, self.dtype) if one.is_floating_point() else one.to(self.device) for one in given]
        guides = self.condition(*placed) if self.condition is not None else placed[0]
        if count not in (None, len(guides)):
            raise ValueError(f"{len(guides)} conditions make as many images; leave count out")
        return guides, self._nothing(len(guides)) if strength != 1 else None

    def _nothing(self, count: int) -> Tensor:
        assert self.condition is not None
        return self.condition.nothing(count).to(self.device, self.dtype)

    def _foretold(
        self, guides: Tensor, nothing: Tensor | None, strength: float, picture: Tensor | None
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """The noise in latents at a step, pushed away from what is foretold without a condition; a picture steers both."""
        loader = library(self.model.loader) if self.model.loader else None
        assert loader is not None
        more: dict[str, Any] = {} if self.foundation is None else {"foundation": self.foundation}

        def once(latents: Tensor, step: Tensor, tokens: Tensor) -> Tensor:
            steps = step.to(self.device).expand(len(latents))
            given = latents.to(self.dtype)
            if self.control is not None and picture is not None:
                more["control"] = self.control(given, steps, tokens, picture)
            foretold = loader.denoised(self.module, given, steps, tokens, **more)
            # Some foretell the variance behind the noise, which these samplers do without.
            return foretold[:, : latents.shape[1]].float()

        def pushed(latents: Tensor, step: Tensor) -> Tensor:
            guided = once(latents, step, guides)
            if nothing is None:
                return guided
            unguided = once(latents, step, nothing)
            return unguided + strength * (guided - unguided)

        return pushed

    def _pixels(self, latents: Tensor) -> Tensor:
        """Images [B, 3, H, W] from 0 to 1 in float32."""
        generation = recipe(self.model)
        if generation.decoder is not None:
            latents = latents / (generation.scale or 1.0) + (generation.shift or 0.0)
            latents = library(generation.decoder.loader).decoded(self.decoder, latents.to(self.dtype)).float()
        return ((latents + 1) / 2).clamp(0, 1)


def recipe(model: Model) -> Generation:
    """How the entry says that the model draws; raises `Unavailable` where it says nothing."""
    if model.generation is None:
        raise Unavailable(f"{model.name} draws no images; its entry has no generation")
    return model.generation


def painter(model: Model, module: Module, origin: Origin, device: str, dtype: Any) -> Painter:
    """The model with the networks beside it, from where its own numbers come from; raises `Unavailable` and `Hindered`."""
    generation = recipe(model)
    parts = (generation.decoder, generation.condition, generation.control, model.foundation)
    decoder, condition, control, foundation = (beside(model, one, origin, device, dtype) for one in parts)
    return Painter(model, module, decoder, condition, control, foundation, device, dtype)


def beside(model: Model, part: Part | None, origin: Origin, device: str, dtype: Any) -> Module | None:
    """A network beside the model's own, filled and on the device; None where the entry names none. Raises `Hindered`."""
    if part is None:
        return None
    there = Weights(access="open", repository=part.repository, revision=part.revision) if part.repository else model.weights
    return origin.module(there, part.loader).to(device, dtype).eval().requires_grad_(False)


def generators(seed: int, count: int) -> list[Any]:
    """A source of chance for each image, on the CPU: the same on every device, and whatever the count."""
    import torch

    seeds = [int.from_bytes(sha256(f"{seed} {number}".encode()).digest()[:8], "big") >> 1 for number in range(count)]
    return [torch.Generator().manual_seed(one) for one in seeds]


def noise(shape: tuple[int, int, int], chances: list[Any]) -> Tensor:
    """Normal numbers [B, *shape] in float32 on the CPU."""
    import torch

    return torch.stack([torch.randn(shape, generator=one) for one in chances])


def sampled(
    generation: Generation, latents: Tensor, foretold: Callable[[Tensor, Tensor], Tensor], steps: int, chances: list[Any]
) -> Tensor:
    """Latents without the noise that `foretold(latents, step)` finds in them, after so many steps of the authors' sampler."""
    scheduler = _scheduler(generation)
    # Where the guess of the image is clipped, the noise that goes with it is used.
    more: dict[str, Any] = {"use_clipped_model_output": True} if generation.sampler == "ddim-clipped" else {}
    if generation.eta:
        more |= {"eta": generation.eta, "generator": chances}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of numpy, about what the scheduler does inside
        scheduler.set_timesteps(steps)
    for step in scheduler.timesteps:
        latents = scheduler.step(foretold(latents, step), step, latents, **more).prev_sample
    return latents


def _scheduler(generation: Generation) -> Any:
    import diffusers

    name, settings = SAMPLERS[generation.sampler]
    return getattr(diffusers, name)(
        num_train_timesteps=STEPS,
        beta_start=generation.first_beta,
        beta_end=generation.last_beta,
        beta_schedule=generation.betas.replace("-", "_"),
        **settings,
    )
