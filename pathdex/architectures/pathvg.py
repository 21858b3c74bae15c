"""PathVG: a ResNet and a transformer read an image, a BERT reads what is sought in it, and one token becomes its box."""

import math
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, relu

from pathdex.layers.bert import bert

WIDTH, TEXT, STRIDE = 256, 768, 32


def _resnet() -> nn.Sequential:
    """ResNet-50 of torchvision up to its last map, with norms that no training moves."""
    from torchvision.models import resnet50
    from torchvision.ops import FrozenBatchNorm2d

    whole = resnet50(weights=None, norm_layer=FrozenBatchNorm2d)
    return nn.Sequential(OrderedDict(list(whole.named_children())[:-2]))


class Layer(nn.Module):
    """Attention with places added to queries and keys, and a feed-forward part, each followed by a norm."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(WIDTH, 8, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(WIDTH, hidden), nn.Linear(hidden, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, tokens: Tensor, places: Tensor) -> Tensor:
        """Tokens [B, N, 256] of the same shape."""
        placed = tokens + places
        tokens = self.norm1(tokens + self.self_attn(placed, placed, tokens, need_weights=False)[0])
        out: Tensor = self.norm2(tokens + self.linear2(relu(self.linear1(tokens))))
        return out


class Transformer(nn.Module):
    """Six layers, under the authors' two names."""

    def __init__(self, hidden: int, depth: int) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(Layer(hidden) for _ in range(depth))})

    def forward(self, tokens: Tensor, places: Tensor) -> Tensor:
        """Tokens of the same shape."""
        layers: Any = self.encoder["layers"]
        for layer in layers:
            tokens = layer(tokens, places)
        return tokens


class Phrase(nn.Module):
    """One vector for the text: its words, weighted by what a recurrent network makes of them; the BERT is the network's own."""

    def __init__(self, words: Any) -> None:
        super().__init__()
        self.lstm = nn.GRU(TEXT, 512, bidirectional=True, batch_first=True)
        self.bert = words
        self.sub_attn = nn.ModuleDict({"fc": nn.Linear(1024, 1)})

    def forward(self, words: Tensor, ids: Tensor) -> Tensor:
        """Words [B, L, 768] to [B, 768]; padding has the id 0."""
        weights = self.sub_attn["fc"](self.lstm(words)[0]).squeeze(2).softmax(-1) * (ids != 0)
        weights = weights / weights.sum(1, keepdim=True)
        out: Tensor = (weights.unsqueeze(1) @ words).squeeze(1)
        return out


class Discrimination(nn.Module):
    """The image's tokens, each by how much it has in common with the text."""

    def __init__(self) -> None:
        super().__init__()
        self.img2text_attn = nn.MultiheadAttention(WIDTH, 8, batch_first=True)
        self.text_proj, self.img_proj = (nn.ModuleDict({"layers": nn.ModuleList([nn.Linear(WIDTH, WIDTH)])}) for _ in range(2))
        self.tf_scale, self.tf_sigma = nn.Parameter(torch.ones(1)), nn.Parameter(torch.full((1,), 0.5))
        self.norm_img = nn.LayerNorm(WIDTH)

    def forward(self, image: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Image [B, N, 256] and words [B, L, 256], of which `padding` [B, L] tells what is none, to [B, N, 256]."""
        common = self.img2text_attn(image, words, words, key_padding_mask=padding, need_weights=False)[0]
        projections: Any = (self.text_proj, self.img_proj)
        text, seen = (normalize(one["layers"][0](of), dim=-1) for one, of in zip(projections, (common, image), strict=True))
        weights = self.tf_scale * torch.exp(-((1 - (seen * text).sum(-1, keepdim=True)) ** 2) / (2 * self.tf_sigma**2))
        out: Tensor = self.norm_img(image) * weights
        return out


class Codes(nn.Module):
    """Prototypes that training gathered: each token gets the nearest."""

    def __init__(self, number: int, width: int) -> None:
        super().__init__()
        for name, shape in (("embed", (number, width)), ("cluster_size", (number,)), ("cluster_sum", (number,))):
            self.register_buffer(name, torch.zeros(shape))
        self.register_buffer("embed_avg", torch.zeros(number, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [N, width] to their prototypes."""
        found: Tensor = self.get_buffer("embed")[torch.cdist(tokens, self.get_buffer("embed")).argmin(1)]
        return found


class Prototypes(nn.Module):
    """A map and its prototypes, mixed place by place."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.prototype = Codes(number, TEXT)
        self.conv_head, self.conv_tail = nn.Conv2d(WIDTH, TEXT, 1, bias=False), nn.Conv2d(TEXT, WIDTH, 1, bias=False)
        self.pos_line = nn.Linear(TEXT, TEXT)
        self.gate_fc = nn.Conv2d(2 * TEXT, 2, 1, bias=False)

    def forward(self, image: Tensor) -> Tensor:
        """A map [B, 256, H, W] of the same shape.

        The authors cut the map into tokens without turning its channels last, so that a token is a run of places of a channel.
        """
        seen = self.conv_head(image)
        tokens = self.pos_line(self.prototype(seen.reshape(-1, TEXT)))
        coded = tokens.view(len(image), -1, TEXT).transpose(1, 2).reshape(seen.shape)
        share = self.gate_fc(torch.cat([coded, seen], dim=1)).softmax(1)
        out: Tensor = self.conv_tail(coded * share[:, :1] + seen * share[:, 1:])
        return out


class Fusion(nn.Module):
    """Image and text together, under the authors' names; two tables of queries are in the file and serve nothing."""

    def __init__(self, prototypes: int) -> None:
        super().__init__()
        self.extra_encoder_layers = nn.ModuleList([Discrimination()])
        self.vis_query_embed, self.text_query_embed = nn.Embedding(1, WIDTH), nn.Embedding(1, WIDTH)
        self.prototypelearner = Prototypes(prototypes)


class Regression(nn.Module):
    """What becomes of image and text until the box."""

    def __init__(self, hidden: int, depth: int, places: int, prototypes: int) -> None:
        super().__init__()
        self.layer = Fusion(prototypes)
        self.norm = nn.LayerNorm(WIDTH)
        self.v_transformer = Transformer(hidden, depth)
        self.v_pos_embed, self.reg_token = nn.Embedding(places + 1, WIDTH), nn.Embedding(1, WIDTH)

    def forward(self, image: Tensor, words: Tensor, padding: Tensor, phrase: Tensor) -> Tensor:
        """Image [B, N, 256], words [B, L, 256] and the phrase [B, 256] to tokens [B, 1 + N, 256], that of the box first."""
        side = math.isqrt(image.shape[1])
        image = self.layer.extra_encoder_layers[0](image, words, padding)
        known = self.layer.prototypelearner(torch.unflatten(image.transpose(1, 2), 2, (side, side))).flatten(2).transpose(1, 2)
        mixed = torch.tanh(known) * torch.tanh(phrase).unsqueeze(1)
        tokens = torch.cat([self.reg_token.weight.expand(len(image), -1, -1), mixed], dim=1)
        out: Tensor = self.norm(self.v_transformer(tokens, self.v_pos_embed.weight))
        return out


class PathVg(nn.Module):
    """Images, and texts with three reasons for each."""

    def __init__(self, side: int, hidden: int, depth: int, prototypes: int, words: dict[str, Any]) -> None:
        super().__init__()
        self.side = side
        self.backbone = nn.ModuleList([nn.ModuleDict({"body": _resnet()})])
        self.trans_encoder = Transformer(hidden, depth)
        self.input_proj = nn.Conv2d(2048, WIDTH, 1)
        self.bert = bert(words)
        self.bert_proj = nn.Linear(TEXT, WIDTH)
        self.textmodel = Phrase(self.bert)
        self.bbox_regression = Regression(hidden, depth, (side // STRIDE) ** 2, prototypes)
        self.bbox_embed = nn.ModuleDict({"layers": nn.ModuleList(nn.Linear(WIDTH, out) for out in (WIDTH, WIDTH, 4))})
        self.lstm_proj = nn.Linear(TEXT, WIDTH)

    def represent(self, images: Tensor, ids: Tensor) -> dict[str, Tensor]:
        """Images [B, 3, 640, 640], and word ids [B, L] of the text and of three reasons after it, each filled up with 0.

        `projection` is the box [B, 4] as centre, width and height, in parts of the image; `pooler` the token that it comes of.
        """
        backbone: Any = self.backbone
        image = self.input_proj(backbone[0]["body"](images))
        tokens = self.trans_encoder(image.flatten(2).transpose(1, 2), places(image.shape[-1], image))
        # A mask that is whole already: of a shorter one transformers asks what has no answer on the meta device.
        mask = (ids != 0)[:, None, None].expand(-1, 1, ids.shape[1], -1)
        words = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        phrase = self.lstm_proj(self.textmodel(words, ids))
        fused = self.bbox_regression(tokens, self.bert_proj(words), ids == 0, phrase)
        return {"tokens": fused[:, 1:], "pooler": fused[:, 0], "projection": self.box(fused[:, 0])}

    def box(self, token: Tensor) -> Tensor:
        """The box [B, 4] of a token [B, 256]."""
        layers: Any = self.bbox_embed["layers"]
        box: Tensor = layers[2](relu(layers[1](relu(layers[0](token))))).sigmoid()
        return box

    def example(self) -> tuple[Tensor, Tensor]:
        """An image and eight words."""
        return torch.zeros(1, 3, self.side, self.side), torch.ones(1, 8, dtype=torch.long)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """ResNet with transformer, BERT with what reads its words, and the whole; norms that are fixed do not count."""
        image = [*self.backbone.parameters(), *self.trans_encoder.parameters(), *self.input_proj.parameters()]
        text = [one for part in (self.textmodel, self.bert_proj, self.lstm_proj) for one in part.parameters()]
        return {"image-encoder": image, "text-encoder": text, "full-model": list(self.parameters())}


def places(side: int, like: Tensor) -> Tensor:
    """Sines and cosines [side * side, 256] of the row, then of the column, as in DETR."""
    steps = torch.arange(1, side + 1, dtype=torch.float32, device=like.device) / (side + 1e-6) * 2 * math.pi
    rates = 10000 ** (2 * (torch.arange(WIDTH // 2, device=like.device) // 2) / (WIDTH // 2))
    angles = steps[:, None] / rates
    waves = torch.stack([angles[:, 0::2].sin(), angles[:, 1::2].cos()], dim=-1).flatten(1)
    rows, columns = waves[:, None].expand(-1, side, -1), waves[None].expand(side, -1, -1)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1).to(like.dtype)


def build(side: int = 640, hidden: int = 2048, depth: int = 6, prototypes: int = 2048, **words: Any) -> PathVg:
    """The released network, unless told otherwise; all other keywords are fields of the BERT's configuration."""
    return PathVg(side, hidden, depth, prototypes, words)
