"""What happens to an image before a model sees it, as the entry states it."""

from typing import Any

from pathdex.schema.model import Preprocess

Image = Any  # PIL.Image.Image
Tensor = Any  # torch.Tensor
HALF = (0.5, 0.5, 0.5)


def prepared(image: Image, preprocess: Preprocess | None, side: int) -> Tensor:
    """An image as float32 [3, side, side]: shorter side resized, centre cropped, scaled to 0..1, normalised where that is stated.

    What the entry does not state is done as most do it: resize to `side` with bicubic interpolation, no normalisation.
    """
    import numpy
    import torch
    from PIL import Image as Images

    stated = preprocess or Preprocess()
    method = getattr(Images.Resampling, (stated.interpolation or "bicubic").upper())
    crop = stated.crop or side
    image = _resized(image.convert("RGB"), stated.resize or crop, method)
    left, top = round((image.width - crop) / 2), round((image.height - crop) / 2)
    pixels = torch.from_numpy(numpy.array(image.crop((left, top, left + crop, top + crop)))).permute(2, 0, 1).float() / 255
    if stated.mean and stated.std:
        pixels = (pixels - torch.tensor(stated.mean).view(3, 1, 1)) / torch.tensor(stated.std).view(3, 1, 1)
    return pixels


def _resized(image: Image, shorter: int, method: Any) -> Image:
    """The image with its shorter side at that many pixels; the longer is rounded down, as torchvision does it."""
    width, height = image.size
    if min(width, height) == shorter:
        return image
    if width < height:
        return image.resize((shorter, height * shorter // width), method)
    return image.resize((width * shorter // height, shorter), method)
