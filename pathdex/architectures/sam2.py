"""Segment Anything 2 for single images, as transformers has it, for files in its authors' tensor names."""

import re
from typing import Any

import torch
from torch import Tensor, nn

NEVER = "no_mem_embed"
PLACES = "shared_embedding.positional_embedding"
POINTS = re.compile(r"^sam_prompt_encoder\.point_embeddings\.(\d)\.weight$")
NAMES = (
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^image_encoder\.neck\.convs\.(\d)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"^sam_(prompt_encoder|mask_decoder)\.", r"\1."),
    (rf"^{NEVER}$", "no_memory_embedding"),
    (r"\.pe_layer\.positional_encoding_gaussian_matrix$", f".{PLACES}"),
    (r"\.patch_embed\.proj\.", ".patch_embed.projection."),
    (r"\.norm(?=\d\.|_final)", ".layer_norm"),
    (r"\.out_proj\.", ".o_proj."),
    (r"\.mlp\.layers\.0\.", ".mlp.proj_in."),
    (r"\.mlp\.layers\.1\.", ".mlp.proj_out."),
    (r"(_mlps\.\d|_head)\.layers\.0\.", r"\1.proj_in."),
    (r"(_mlps\.\d|_head)\.layers\.1\.", r"\1.layers.0."),
    (r"(_mlps\.\d|_head)\.layers\.2\.", r"\1.proj_out."),
    (r"\.output_upscaling\.0\.", ".upscale_conv1."),
    (r"\.output_upscaling\.1\.", ".upscale_layer_norm."),
    (r"\.output_upscaling\.3\.", ".upscale_conv2."),
    (r"\.mask_downscaling\.0\.", ".mask_embed.conv1."),
    (r"\.mask_downscaling\.1\.", ".mask_embed.layer_norm1."),
    (r"\.mask_downscaling\.3\.", ".mask_embed.conv2."),
    (r"\.mask_downscaling\.4\.", ".mask_embed.layer_norm2."),
    (r"\.mask_downscaling\.6\.", ".mask_embed.conv3."),
)
"""What to look for in the authors' names, and what stands there in those of transformers; in this order."""


class Sam2(nn.Module):
    """Reads images [B, 3, side, side]. The parts that follow objects through a film are left out."""

    def __init__(self, width: int, depths: list[int], whole: list[int], side: int) -> None:
        super().__init__()
        self.side = side
        self.network = _network(width, depths, whole, side)

    def segment(self, images: Tensor, boxes: Tensor | None = None) -> dict[str, Tensor]:
        """One object an image: `mask` [B, 1, side / 4, side / 4], scores before the sigmoid, and `quality` [B, 1], 0 to 1.

        Boxes [B, 4] in pixels are left, top, right, bottom; without any the whole image is the box.
        """
        if boxes is None:
            boxes = images.new_tensor([0, 0, self.side, self.side]).expand(len(images), -1)
        given = self.network(pixel_values=images, input_boxes=boxes[:, None].clone(), multimask_output=False)
        return {"mask": given.pred_masks[:, 0], "quality": given.iou_scores[:, 0]}

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The coarsest map of the image encoder after its neck as tokens, one for 16 by 16 pixels."""
        return {"tokens": self.network.get_image_embeddings(images)[-1].flatten(2).transpose(1, 2)}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tensors by the names of transformers, which has one table of four kinds of points, and the places twice."""
        points = sorted(name for name in tensors if POINTS.match(name))
        found = {_renamed(name): tensor for name, tensor in tensors.items() if name not in points}
        if points:
            found["prompt_encoder.point_embed.weight"] = torch.cat([tensors[name] for name in points])
        if f"prompt_encoder.{PLACES}" in found:
            found["shared_image_embedding.positional_embedding"] = found[f"prompt_encoder.{PLACES}"]
        return {f"network.{name}": tensor for name, tensor in found.items()}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder with its neck, prompts and mask decoder, and the whole."""
        encoder = list(self.network.vision_encoder.parameters())
        below = {id(one) for one in encoder}
        decoder = [one for one in self.parameters() if id(one) not in below]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": list(self.parameters())}


def _network(width: int, depths: list[int], whole: list[int], side: int) -> Any:
    """Hiera of growing widths; of one prompt the decoder gives its mask for a clear one, and never chooses another by itself."""
    from transformers import Sam2Config, Sam2HieraDetConfig, Sam2Model, Sam2VisionConfig

    widths = [width * 2**stage for stage in range(len(depths))]
    backbone = Sam2HieraDetConfig(
        hidden_size=width,
        embed_dim_per_stage=widths,
        num_attention_heads_per_stage=[2**stage for stage in range(len(depths))],
        blocks_per_stage=depths,
        global_attention_blocks=whole,
        image_size=[side, side],
    )
    maps = [[side // part] * 2 for part in (4, 8, 16)]
    vision = Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=widths[::-1], backbone_feature_sizes=maps)
    prompts, decoder = {"image_size": side}, {"dynamic_multimask_via_stability": False}
    return Sam2Model(Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder))


def _renamed(name: str) -> str:
    for pattern, written in NAMES:
        name = re.sub(pattern, written, name)
    return name


def build(width: int = 96, depths: tuple[int, ...] = (1, 2, 7, 2), whole: tuple[int, ...] = (5, 7, 9), side: int = 1024) -> Sam2:
    """Defaults are SAM 2.1 Tiny; `whole` are the blocks that look at the whole image."""
    return Sam2(width, list(depths), list(whole), side)
