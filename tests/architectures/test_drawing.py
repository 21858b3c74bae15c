"""Networks that draw or stain, and the small ones beside them: names and sizes as released, and what must hold of any weights."""

import importlib
import warnings
from typing import Any

import pytest

from pathdex.architectures import (
    clip_tokens,
    control_net,
    deepliif,
    inpainting_images,
    latent_unet,
    miphei_vit,
    mopadi,
    pathogen,
    pixcell_condition,
    quest,
    vq_decoder,
    zoom_condition,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, timm, transformers, diffusers = map(importlib.import_module, ("torch", "timm", "transformers", "diffusers.models"))


def _size(module: Any) -> int:
    return sum(one.numel() for one in module.parameters())


def _filled(module: Any) -> Any:
    generator = torch.Generator().manual_seed(0)
    for one in module.parameters():
        one.data.copy_(torch.randn(one.shape, generator=generator) * 0.2)
    return module.eval().requires_grad_(False)


@pytest.mark.parametrize(
    ("build", "count", "names"),
    [
        (mopadi.build, 168_492_291, ["time_embed.time_embed.0.weight", "encoder.out.3.weight", "output_blocks.5.1.qkv.weight"]),
        (lambda: mopadi.build(side=224), 161_130_755, ["middle_block.1.proj_out.weight"]),
        (miphei_vit.build, 6_697_712, ["encoder.vit.blocks.39.attn.qkv.lora_v.B", "decoder.segmentation_head_15.0.psi.3.bias"]),
        (quest.build, 127_708_800, ["marker_table", "pixel_decoder.pretrained_fuse_blocks.3.1.block.1.weight"]),
        (pathogen.build, 49_574_080, ["0.to_q.weight", "120.to_out.0.bias"]),
        (deepliif.build, 380_528_283, ["G1.model.10.conv_block.4.weight", "G55.model.model.1.model.1.weight"]),
        (clip_tokens.build, 63_165_952, ["text_model.encoder.layers.11.mlp.fc2.bias"]),
        (zoom_condition.build, 38_656_000, ["encoder.layers.encoder_layer_11.mlp.3.weight", "pad_token"]),
        (control_net.build, 175_587_712, ["input_hint_block.14.bias", "zero_convs.11.0.weight", "middle_block_out.0.bias"]),
        (vq_decoder.build, 32_985_359, ["quantize.embedding.weight", "decoder.up.2.upsample.conv.bias"]),
        (lambda: pixcell_condition.build(tokens=16), 49_152, ["caption_projection.uncond_embedding", "y_pos_embed.y_pos_embed"]),
    ],
)
def test_sizes_and_names_are_those_of_the_released_files(build: Any, count: int, names: list[str]) -> None:
    with torch.device("meta"):
        module = build()
    assert _size(module) == count
    assert [name for name in names if name not in module.state_dict()] == []


def test_a_running_average_is_stored_under_names_without_dots() -> None:
    with torch.device("meta"):
        module = latent_unet.build(width=32, factors=(1,), depth=1, context=8)
    plain = module.state_dict()
    assert set(module.adapted({name.replace(".", ""): one for name, one in plain.items()})) == set(plain)
    assert set(module.adapted(dict(plain))) == set(plain)


def test_latents_are_rounded_to_the_nearest_word() -> None:
    module = _filled(vq_decoder.build(words=5, width=32, factors=(1, 2), depth=1))
    latents = module.quantize.embedding.weight[torch.tensor([[[2, 4], [0, 1]]])].movedim(-1, 1)
    assert torch.allclose(module.quantize(latents + 1e-3), latents)
    assert tuple(module.decode(latents).shape) == (1, 3, 4, 4)


def test_few_tiles_lie_in_the_middle_of_the_summary_and_their_scale_does_not_matter() -> None:
    module = _filled(zoom_condition.build(features=16, width=32, depth=1, heads=2, hidden=32))
    tiles = torch.randn(2, 16, 2, 2)
    magnification = torch.tensor([0, 7])
    found = module(tiles, magnification)
    assert tuple(found.shape) == (2, 65, 32)
    assert torch.allclose(found, module(3 * tiles + 5, magnification), atol=1e-4)
    seen: list[Any] = []
    module.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    module(tiles, magnification)
    padded = (seen[0][0, 1:] == module.pad_token[0]).all(-1)
    assert padded.nonzero().flatten().tolist() == [*range(30), *range(34, 64)]
    with pytest.raises(ValueError, match="give \\[B, 16, h, w\\]"):
        module(torch.zeros(1, 16, 3, 3), magnification[:1])
    assert not bool(module.nothing(3).any())


def test_texts_are_read_as_clip_reads_them() -> None:
    shape = {"hidden_size": 32, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.CLIPTextConfig(vocab_size=49408, max_position_embeddings=77, hidden_act="quick_gelu", **shape)
    clip = _filled(transformers.CLIPTextModel(config))
    module = clip_tokens.build(width=32, depth=2, heads=2).eval()
    stored = {f"text_model.{name.removeprefix('text_model.')}": one for name, one in clip.state_dict().items()}
    module.load_state_dict(stored, strict=True)
    ids = torch.full((1, 77), clip_tokens.END)
    ids[0, :6] = torch.tensor([clip_tokens.START, 320, 2533, 539, 7, 11])
    mask = (torch.arange(77) < 7).long()[None]
    with torch.inference_mode():
        assert torch.allclose(module(ids), clip(ids, attention_mask=mask).last_hidden_state, atol=1e-5)
        assert tuple(module.nothing(2).shape) == (2, 154, 32)
    with pytest.raises(ValueError, match="pad them to 154"):
        module(ids[:, :50])


def test_features_of_one_tile_are_one_token() -> None:
    module = _filled(pixcell_condition.build(tokens=1, width=8))
    features = torch.randn(3, 8)
    assert torch.equal(module(features), features[:, None])
    assert torch.equal(module.nothing(2)[1, 0], module.caption_projection.uncond_embedding[0])


def test_a_code_guides_what_is_drawn() -> None:
    module = _filled(mopadi.build(side=32, width=32, factors=(1, 2), encoder_factors=(1, 1), depth=1, code=16))
    images, steps = torch.rand(2, 3, 32, 32) * 2 - 1, torch.tensor([3, 900])
    assert tuple(module.represent(images)["pooler"].shape) == (2, 16)
    codes = torch.randn(2, 16)
    noise = module(images, steps, codes)
    assert noise.shape == images.shape
    assert not torch.allclose(noise, module(images, steps, codes.flip(0)), atol=1e-4)
    assert not torch.allclose(noise, module(images, steps.flip(0), codes), atol=1e-4)


def test_without_additions_the_frozen_network_is_itself() -> None:
    module = _filled(miphei_vit.build(width=32, depth=2, channels=2, side=64))
    frozen = _filled(
        timm.create_model(
            "vit_small_patch16_224", embed_dim=32, depth=2, num_heads=2, img_size=64, reg_tokens=2, no_embed_class=True
        )
    )
    images = torch.randn(1, 3, 64, 64)
    changed = module.grid(images, frozen)
    for addition in module.added():
        addition.lora_q.B.data.zero_()
        addition.lora_v.B.data.zero_()
    plain = frozen.forward_features(images)[:, 3:].transpose(1, 2).unflatten(2, (4, 4))
    assert torch.allclose(module.grid(images, frozen), plain, atol=1e-5)
    assert not torch.allclose(changed, plain, atol=1e-3)


def test_a_channel_does_not_depend_on_which_others_are_asked_for() -> None:
    shape = {"features": 24, "words": 12, "markers": 5, "width": 16, "heads": 2, "depth": 2, "pixels": 32}
    module = _filled(quest.build(**shape, pyramid="convnext_atto"))
    images, tokens = torch.rand(1, 3, 64, 64), torch.randn(1, 16, 24)
    whole = module.drawn(images, tokens)
    assert tuple(whole.shape) == (1, 5, 64, 64)
    assert torch.allclose(module.drawn(images, tokens, torch.tensor([3, 0])), whole[:, [3, 0]], atol=1e-4)


def test_tensors_that_the_file_lists_twice_are_taken_once() -> None:
    with torch.device("meta"):
        module = pathogen.build(widths=(16, 32), heads=2)
    plain = module.state_dict()
    again = {"1.weight": plain["0.to_q.weight"], "4.0.bias": plain["0.to_out.0.bias"], "13.weight": plain["8.to_out.0.weight"]}
    assert set(module.adapted({**plain, **again})) == set(plain)
    assert set(module.adapted({**plain, "16.to_q.weight": plain["0.to_q.weight"]})) == {*plain, "16.to_q.weight"}


def test_a_control_net_that_adds_nothing_leaves_the_noise_as_it_is() -> None:
    network = _filled(latent_unet.build(width=32, factors=(1, 2), depth=1, context=8))
    control = _filled(control_net.build(hints=2, width=32, factors=(1, 2), depth=1, context=8))
    latents, steps, tokens, picture = (
        torch.randn(2, 3, 8, 8),
        torch.tensor([3, 900]),
        torch.randn(2, 5, 8),
        torch.randn(2, 2, 32, 32),
    )
    plain = network(latents, steps, tokens)
    assert not torch.allclose(network(latents, steps, tokens, control(latents, steps, tokens, picture)), plain, atol=1e-3)
    added = control(latents, steps, tokens, picture)
    other = control(latents, steps, tokens, picture.flip(0))
    assert not torch.allclose(added[0], other[0], atol=1e-3)
    assert torch.equal(network(latents, steps, tokens, [torch.zeros_like(one) for one in added]), plain)


def test_tuned_attention_takes_the_place_of_the_frozen_networks() -> None:
    shape = {"block_out_channels": (32, 64), "norm_num_groups": 8, "cross_attention_dim": 12, "attention_head_dim": 2}
    kinds = {"down_block_types": ("CrossAttnDownBlock2D",) * 2, "up_block_types": ("CrossAttnUpBlock2D",) * 2}
    frozen = _filled(
        diffusers.UNet2DConditionModel(sample_size=8, in_channels=9, out_channels=4, layers_per_block=1, **shape, **kinds)
    )
    module = _filled(pathogen.build(widths=(32, 64, 64, 64, 32, 32, 64), heads=2))
    latents, steps, tokens = torch.randn(2, 4, 16, 8), torch.tensor([3, 900]), torch.randn(2, 5, 16, 8)
    found = module(latents, steps, tokens, foundation=frozen)
    attentions = [one for name, one in frozen.named_modules() if name.endswith("attn1")]
    for one, tuned in zip(attentions, module.values(), strict=True):
        one.load_state_dict(tuned.state_dict(), strict=True)
        one.set_processor(diffusers.attention_processor.AttnProcessor2_0())
    assert torch.allclose(found, frozen(torch.cat([latents, tokens], 1), steps, encoder_hidden_states=None).sample, atol=1e-4)


def test_an_image_to_be_filled_lies_above_its_source() -> None:
    module = _filled(inpainting_images.build(widths=(32, 32), size=16))
    images, sources = torch.rand(2, 1, 3, 16, 16) * 2 - 1
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8] = 1
    tokens = module(images, mask, sources)
    assert tuple(tokens.shape) == (1, 5, 16, 8)
    assert tokens[0, 0].sum() == 8 * 4
    assert torch.allclose(tokens, module(torch.where(mask > 0, sources, images), mask, sources))
    assert not torch.allclose(tokens[..., 8:, :], module(images, mask, images)[..., 8:, :])
    upper, lower = torch.randn(2, 1, 4, 8, 8)
    assert torch.allclose(module.decode(torch.cat([upper, lower], -2)), module.vae.decode(upper).sample)
    older = {"encoder.mid_block.attentions.0.query.weight": mask, "decoder.mid_block.attentions.0.proj_attn.bias": mask}
    assert set(module.adapted(older)) <= set(module.state_dict())


def test_norms_of_deepliif_take_each_batch_as_it_is() -> None:
    module = _filled(deepliif.build(width=4, blocks=1, steps=5))
    images = torch.rand(1, 3, 32, 32) * 2 - 1
    before = module.stain(images)
    assert tuple(before.shape) == (1, 15, 32, 32)
    assert 0 <= float(before.min()) <= float(before.max()) <= 1
    for name, one in module.named_buffers():
        if name.endswith("running_mean"):
            one.fill_(7)
    assert torch.equal(module.stain(images), before)
