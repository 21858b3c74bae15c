"""A language model answers: its files are found and fitted, words become ids, what is seen takes its place, ids become words."""

import importlib
import io
import json
import sys
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
from local_hub import Hub

from pathdex import answering
from pathdex.encoding import Encoder, encoder
from pathdex.hindrance import Hindered
from pathdex.loaders import transformers as loader
from pathdex.measuring.pooling import Unavailable
from pathdex.measuring.seeing import patched, spread
from pathdex.measuring.seen import Way
from pathdex.rungs import header, weights
from pathdex.schema import Model
from pathdex.schema.model import Loader

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, transformers = map(importlib.import_module, ("torch", "transformers"))

SEEN = -1
WORDS = ["<unk>", "<s>", "</s>", "what", "is", "seen", "tumour", "stroma", "USER", "ASSISTANT", ":", "?"]
TEXT = {
    "text_config.hidden_size": 32,
    "text_config.intermediate_size": 48,
    "text_config.num_hidden_layers": 2,
    "text_config.num_attention_heads": 4,
    "text_config.num_key_value_heads": 2,
    "text_config.vocab_size": len(WORDS),
}
VISION = {
    "vision_config.hidden_size": 16,
    "vision_config.intermediate_size": 24,
    "vision_config.num_hidden_layers": 2,
    "vision_config.num_attention_heads": 2,
    "vision_config.image_size": 28,
    "vision_config.patch_size": 14,
    "image_token_index": 0,
    "image_seq_length": 4,
}
LLAVA = {"library": "transformers", "factory": "LlavaForConditionalGeneration", "kwargs": {**TEXT, **VISION}, "layout": "llava"}
LEFT = ["*.rotary_emb.inv_freq", "text_model.*", "logit_scale"]
ASKED = {"prompt": "USER : {image} {question} ASSISTANT :", "end": "</s>", "inputs": "One image."}
PATHOSYN = {"tile": 24, "width": 32, "hidden": 48, "depth": 2, "heads": 4, "key_heads": 2, "words": len(WORDS)}


def tokenizer(folder: str = "") -> dict[str, bytes]:
    """Files of a tokenizer of words, which begins each text with <s>."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    made.add_special_tokens(["<unk>", "<s>", "</s>"])
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    told = {"tokenizer.json": made.to_str().encode(), "tokenizer_config.json": json.dumps(settings).encode()}
    return {folder + name: content for name, content in told.items()}


def saved(tensors: Mapping[str, Any]) -> bytes:
    """What safetensors writes."""
    kept: bytes = importlib.import_module("safetensors.torch").save(dict(tensors))
    return kept


def torch_file(tensors: Mapping[str, Any]) -> bytes:
    """What torch.save writes."""
    kept = io.BytesIO()
    torch.save(dict(tensors), kept)
    return kept.getvalue()


def old_names(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors of transformers' LLaVA by the names of LLaVA's own code."""
    changes = {
        "model.vision_tower.": "model.vision_tower.vision_tower.vision_model.",
        "model.multi_modal_projector.linear_1.": "model.mm_projector.0.",
        "model.multi_modal_projector.linear_2.": "model.mm_projector.2.",
        "model.language_model.": "model.",
        "lm_head.": "lm_head.",
    }
    begun = {name: next(one for one in changes if name.startswith(one)) for name in tensors}
    return {changes[begun[name]] + name.removeprefix(begun[name]): tensor for name, tensor in tensors.items()}


def llava() -> dict[str, Any]:
    """Seeded numbers for a small LLaVA."""
    torch.manual_seed(0)
    module = loader.build(Loader.model_validate(LLAVA))
    return {name: torch.randn(one.shape) * 0.1 for name, one in module.state_dict().items()}


def entry(recipe: dict[str, Any], **more: Any) -> Model:
    """An entry of a language model in lab/model."""
    stated = {
        "name": "T",
        "kind": "multimodal-llm",
        "summary": "A toy.",
        "weights": {"access": "open", "repository": "lab/model"},
    }
    return Model.model_validate({**stated, "loader": recipe, "writing": ASKED, "sources": {}, **more})


def statuses(model: Model) -> list[str]:
    """How the rungs that read released files end."""
    return [rung.measure(model, Way()).status for rung in (header, weights)]


@pytest.fixture
def talking(hub: Hub) -> Encoder:
    """A small LLaVA, released in two files under the names of its first code, with a frequency that old files have."""
    stored = old_names(llava())
    halves = [
        dict(list(stored.items())[:20]),
        {**dict(list(stored.items())[20:]), "model.layers.0.rotary_emb.inv_freq": torch.ones(4)},
    ]
    names = [f"pytorch_model-{number}-of-2.bin" for number in (1, 2)]
    index = {"weight_map": {key: name for name, half in zip(names, halves, strict=True) for key in half}}
    files = {name: torch_file(half) for name, half in zip(names, halves, strict=True)}
    hub.add("lab/model", {**files, "pytorch_model.bin.index.json": json.dumps(index).encode(), **tokenizer()})
    return encoder(entry({**LLAVA, "unused": LEFT}))


def test_files_of_llavas_first_code_fill_todays_class(talking: Encoder) -> None:
    filled = talking.module.state_dict()
    assert all(torch.equal(filled[name], one) for name, one in llava().items())
    assert statuses(talking.model) == ["passed", "passed"]


def test_an_image_tower_in_a_folder_of_its_own_is_found_there(hub: Hub) -> None:
    stored = old_names(llava())
    tower = {name.removeprefix("model.vision_tower.vision_tower."): one for name, one in stored.items() if "vision_model" in name}
    rest = {name: one for name, one in stored.items() if "vision_model" not in name}
    beside = {**tower, "text_model.final_layer_norm.bias": torch.ones(3), "logit_scale": torch.ones(())}
    hub.add("lab/model", {"model.safetensors": saved(rest), "tower/pytorch_model.bin": torch_file(beside)})
    model = entry({**LLAVA, "unused": LEFT, "file": ["./", "tower/"]})
    assert statuses(model) == ["passed", "passed"]
    found = encoder(model).module.state_dict()
    assert all(torch.equal(found[name], one) for name, one in llava().items())


def test_a_folder_without_weights_is_told(hub: Hub) -> None:
    hub.add("lab/model", {"model.safetensors": saved({"a": torch.ones(1)}), "tower/readme.md": b"none"})
    with pytest.raises(Hindered, match="missing: lab/model has no file of weights"):
        encoder(entry({**LLAVA, "file": ["./", "tower/"]}))


def test_a_question_becomes_the_prompt_with_a_place_for_the_image(talking: Encoder) -> None:
    ids = talking._speaker.ids("what is seen ?").tolist()
    assert ids == [[1, 8, 10, SEEN, 3, 4, 5, 11, 9, 10]]
    assert talking._speaker.ids("is seen {image} ?").tolist() == [[1, 4, 5, SEEN, 11]]
    assert talking._speaker.ids("what ?", sees=False).tolist() == [[1, 8, 10, 3, 11, 9, 10]]
    with pytest.raises(ValueError, match="one thing at a time"):
        talking._speaker.ids("{image} {image}")


def test_words_are_answered_in_words_and_ids_in_ids(talking: Encoder) -> None:
    image = torch.rand(1, 3, 28, 28)
    told = talking.generate("what is seen ?", image, length=5)
    ids = talking._speaker.ids("what is seen ?")
    found: Any = talking.answer(ids, image, length=5)
    assert isinstance(told, str)
    assert found.shape == (1, 5)
    assert found[0].tolist() == _by_hand(talking.module, ids, image, 5)
    ended = found[0].tolist()[: found[0].tolist().index(2)] if 2 in found[0] else found[0].tolist()
    assert told.split() == [WORDS[number] for number in ended if number > 2]
    assert isinstance(talking.answer("what ?", length=2), str)


def _by_hand(module: Any, ids: Any, image: Any, length: int) -> list[int]:
    """The likeliest word each time, from a whole pass for each, without what transformers keeps between words."""
    whole = spread(ids, SEEN, 0, 4)
    first = whole.shape[1]
    with torch.no_grad():
        for _ in range(length):
            scores = module(input_ids=whole, pixel_values=image).logits
            whole = torch.cat([whole, scores[:, -1:].argmax(-1)], dim=1)
    return list(map(int, whole[0, first:]))


def test_texts_of_a_batch_are_answered_as_each_alone(talking: Encoder) -> None:
    images = torch.rand(2, 3, 28, 28)
    ids = torch.cat([talking._speaker.ids("what is seen ?"), talking._speaker.ids("is stroma seen ?")])
    both: Any = talking.answer(ids, images, length=4)
    alone: list[Any] = [talking.answer(ids[one : one + 1], images[one : one + 1], length=4) for one in (0, 1)]
    assert torch.equal(both, torch.cat(alone))


def test_positions_turn_as_fast_in_half_precision(talking: Encoder) -> None:
    frequencies = {name: one for name, one in talking.module.named_buffers() if name.endswith("inv_freq")}
    half = talking.at("bf16")
    assert frequencies
    for name, one in half.module.named_buffers():
        if name in frequencies:
            assert one.dtype == torch.float32
            assert torch.equal(one, frequencies[name])
    assert {one.dtype for one in half.module.parameters()} == {torch.bfloat16}
    assert isinstance(half.answer("what is seen ?", torch.rand(1, 3, 28, 28), length=3), str)


def test_two_files_fill_one_network_and_its_tokenizer_lies_in_a_folder(hub: Hub) -> None:
    from pathdex.architectures import pathosynvlm

    torch.manual_seed(1)
    numbers = {name: torch.randn(one.shape) * 0.2 for name, one in pathosynvlm.build(**PATHOSYN).state_dict().items()}
    numbers["llm.lm_head.weight"] = numbers["llm.model.embed_tokens.weight"]
    words = {name.removeprefix("llm."): one for name, one in numbers.items() if name.startswith("llm.model.")}
    rest = {name: one for name, one in numbers.items() if not name.startswith("llm.")}
    aligner = {name.removeprefix("aligner."): one for name, one in rest.items() if name.startswith("aligner.")}
    marks = {"wsi_index_emb": {"weight": rest["wsi_index_emb.weight"]}, "wsi_sep": rest["wsi_sep"]}
    state = {"aligner": aligner, "use_wsi_markers": True, **marks}
    files = {"llm/model.safetensors": saved(words), "vlm_state.pt": torch_file(state), **tokenizer("tokenizer/")}
    hub.add("lab/model", files)
    recipe = {"library": "pathdex", "factory": "pathosynvlm", "kwargs": PATHOSYN, "file": ["llm/", "vlm_state.pt"]}
    model = entry(recipe, writing={**ASKED, "folder": "tokenizer"})
    assert statuses(model) == ["passed", "passed"]
    found = encoder(model)
    slides = torch.rand(1, 5, 24), torch.rand(1, 3, 24)
    assert isinstance(found.generate("what is seen ?", *slides, length=3), str)
    ids: Any = found.answer(torch.tensor([[3, 4]]), *slides, length=3)
    assert ids.shape == (1, 3)


def test_what_can_not_be_answered_is_told(hub: Hub, talking: Encoder) -> None:
    silent = encoder(entry({**LLAVA, "unused": LEFT}, writing=None))
    with pytest.raises(Unavailable, match="T answers no words; its entry has no writing"):
        silent.answer("what ?")
    ids: Any = silent.answer(torch.tensor([[3, 4]]), length=2)
    assert ids.shape == (1, 2)
    with pytest.raises(Unavailable, match="CLIPVisionModel writes nothing"):
        loader.write(talking.module.model.vision_tower, torch.tensor([[3]]), length=1, end=None)
    elsewhere = encoder(entry({**LLAVA, "unused": LEFT}, writing={**ASKED, "tokenizer": "lab/none"}))
    with pytest.raises(Hindered, match="missing: no such repository"):
        elsewhere.answer("what ?")
    hub.add("lab/words", {"readme.md": b"none"})
    bare = encoder(entry({**LLAVA, "unused": LEFT}, writing={**ASKED, "tokenizer": "lab/words"}))
    with pytest.raises(Hindered, match="missing: lab/words has no tokenizer"):
        bare.answer("what ?")
    unknown = encoder(entry({**LLAVA, "unused": LEFT}, writing={**ASKED, "end": "<stop>"}))
    with pytest.raises(Hindered, match="does not know '<stop>'"):
        unknown.answer("what ?")


def test_a_tokenizer_that_wants_code_of_its_own_gets_none(hub: Hub) -> None:
    settings = json.dumps({"auto_map": {"AutoTokenizer": ["code.Own", None]}, "tokenizer_class": "Own"}).encode()
    hub.add("lab/words", {"tokenizer_config.json": settings, "code.py": b"open('it-ran', 'w')"})
    hub.add("lab/model", {"model.safetensors": saved(old_names(llava()))})
    asked = encoder(entry(LLAVA, writing={**ASKED, "tokenizer": "lab/words"}))
    with pytest.raises(Hindered, match="unsupported-environment: the tokenizer can't be made here"):
        asked.answer("what ?")


def test_patches_are_those_of_the_librarys_own_processor() -> None:
    images = torch.rand(2, 3, 56, 84)
    plain = transformers.Qwen2VLImageProcessor(do_resize=False, do_rescale=False, do_normalize=False, do_convert_rgb=False)
    wanted = plain(images=list(images), return_tensors="pt", input_data_format="channels_first")
    assert torch.equal(patched(images, 14, 2), wanted.pixel_values)
    with pytest.raises(ValueError, match="multiples of 28"):
        patched(torch.rand(1, 3, 56, 70), 14, 2)


def pieces() -> dict[str, bytes]:
    """A tokenizer of pieces of words, as LLaMA's first code reads it: no list that transformers could take without more packages."""
    import sentencepiece

    kept, told = io.BytesIO(), ["what is seen tumour stroma user assistant"] * 50
    settings: dict[str, Any] = {"vocab_size": 40, "model_type": "bpe", "hard_vocab_limit": False, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(told), model_writer=kept, **settings)
    marks = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    config = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, **marks}
    return {"tokenizer.model": kept.getvalue(), "tokenizer_config.json": json.dumps(config).encode()}


def pairs() -> dict[str, bytes]:
    """A tokenizer of pairs of letters, as BioGPT's."""
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "i": 4, "s</w>": 5, "is</w>": 6}
    return {
        "vocab.json": json.dumps(words).encode(),
        "merges.txt": b"i s</w> 10\n",
        "tokenizer_config.json": json.dumps({"tokenizer_class": "BioGptTokenizer"}).encode(),
    }


def speaker(hub: Hub, files: dict[str, bytes]) -> Any:
    """What speaks for a model whose tokenizer has these files."""
    hub.add("lab/words", files)
    return answering.Speaker(entry(LLAVA, writing={**ASKED, "tokenizer": "lab/words"}), None)


@pytest.mark.parametrize("made", [pieces, pairs])
def test_tokenizers_that_want_packages_of_their_own_find_them(hub: Hub, made: Any) -> None:
    found = speaker(hub, made()).tokenizer
    ids = found("is").input_ids
    assert (ids[0], found.decode(ids, skip_special_tokens=True)) == (found.bos_token_id if made is pieces else 2, "is")


@pytest.mark.parametrize(
    ("made", "lacking", "told"),
    [
        (pieces, ("sentencepiece", "google.protobuf"), "sentencepiece and protobuf"),
        (pieces, ("google.protobuf",), "protobuf"),
        (pairs, ("sacremoses",), "sacremoses"),
    ],
)
def test_packages_that_a_tokenizer_lacks_are_named_in_one_line(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, made: Any, lacking: tuple[str, ...], told: str
) -> None:
    files = made()
    for name in lacking:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr("transformers.convert_slow_tokenizer.requires_backends", absent)
    with pytest.raises(Hindered) as hindered:
        _ = speaker(hub, files).tokenizer
    wanted = f"the tokenizer wants {told}; run pip install 'pathdex[verify]', or give ids instead"
    assert (hindered.value.status, hindered.value.reason) == ("unsupported-environment", wanted)


def absent(_: Any, package: str) -> None:
    """What transformers does where it looks for a package that is not there."""
    if sys.modules.get({"protobuf": "google.protobuf"}.get(package, package), package) is None:
        raise ImportError(f"no {package}")


def test_a_broken_tokenizer_is_no_lack_of_packages(hub: Hub) -> None:
    with pytest.raises(Hindered, match=r"^unsupported-environment: the tokenizer can't be made here: .*; give ids instead"):
        _ = speaker(hub, {**pieces(), "tokenizer.model": b"words"}).tokenizer
