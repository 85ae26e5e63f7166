"""What an attribute of a configuration measures, told from its name, and its tiny value.

The tables are the first guess of the search in `shrink`; a real forward pass judges it.
A value is never raised, and what no row names keeps its default. Normalisation epsilons,
kernel sizes, strides and token ids are in no row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

KEEP = re.compile(
    r"(_id|_ids|_idx|_idxs|_eps|_index|_prob|_rate|_ratio|_std|_mean|_theta|_cost|_coef\w*|_weight|_scale|_factor|_factors)$"
    r"|kernel|stride|padding|dilation|loss|sampling|hop_length|temperature|mel_bins|^mask_(time|feature_(length|prob|min))|^resnet_head$|^keypoint_decoder_dim$|^backbone_feature_sizes$|_rope_\w+_sizes$|^seed$|_rope_theta$"
    r"|sample_rate|pretraining_tp|^out_indices$|_bins$|grid_size|^num_feat_extract_layers$|^num_conv_layers$"
)

# (kind, pattern): the first pattern found in the name decides.
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            "kv_heads",
            r"(key_value|kv|query_groups?)_?(attention_)?(n_)?(heads?|groups)(_per_layer)?$|kv_n_heads$|^num_key_value_groups$",
        ),
        (
            "mamba_heads",
            r"(mamba|linear|conv)\w*(n_|num_)(\w+_)?heads$|^n_mamba_heads$|^mamba_num_heads$",
        ),
        (
            "heads",
            r"(^|_)(n_|num_)?heads?(_per_stage|_per_layer)?$(?<!d_head)(?<!dim_head)(?<!_d_head)|^n_head$|attn_heads$",
        ),
        ("rope_dim", r"rope_head_dim$|^rotary_dim$"),
        (
            "head_dim",
            r"head_?(dim|size|width)$|^d_kv$|^d_head$|_d_head$|^dim_head$|_dim_head$|^kv_channels$|headdim$|qk_nope_head_dim|v_head_dim",
        ),
        ("topk_group", r"^topk_group$"),
        ("expert_groups", r"^(n_group|num_expert_group)$"),
        ("norm_groups", r"^num_groups$"),
        ("top_k", r"experts_per_tok(en)?$|top_?k(_experts)?$|^moe_(top_?k|k)$|^top_k_experts$"),
        ("shared_experts", r"shared_experts$"),
        ("experts", r"(num|n)_(\w+_)?experts$|^moe_num_experts$|expert_num$|^ffn_moe_experts$"),
        ("first_dense", r"first_k_dense_replace|^num_dense_layers$|moe_layer_start_index"),
        (
            "vocab",
            r"vocab(_size|ab)?(_per_layer_input)?$|vocab_size|^n_words$|hash_buckets$|hash_byte_group_vocab$|^num_(bpe|wordpiece)_labels$|ngram_vocab_size_base",
        ),
        ("labels", r"_labels$"),
        (
            "codebook_size",
            r"codebook_size$|codebook_vocab_size$|^num_embeds?$|codevectors_per_group$|num_clusters$|^num_embeddings$",
        ),
        (
            "window",
            r"^sliding_window(_size)?$|^local_attention(_window_len)?$|^attention_window(_size)?$|^attention_chunk_size$|^keep_window_size$|^index_topk$|_attn_chunk_length$",
        ),
        ("half_width", r"^num_pos_feats$"),
        ("vision_window", r"^window_size$"),
        ("block_size", r"^index_block_size$"),
        ("chunk", r"^(mamba_)?chunk_size$"),
        (
            "positions",
            r"^max_position_embeddings$|^n_positions$|^n_ctx$|^max_seq_len$|^model_max_length$|max_(en|de)coder_position_embeddings$|^max_(text|speech)_positions$|^seq_len$|t2u_max_position_embeddings",
        ),
        (
            "queries",
            r"^num_queries$|^num_query_tokens$|num_latents(_2d)?$|n_latents$|^latent_query_num$|two_stage_num_proposals|^num_detection_tokens$|^train_num_points$|num_proposals|^num_denoising$",
        ),
        (
            "layers",
            r"(^|_)(num_|n_)?(\w+_)?(layers?|depths?|blocks)$|^depths?$|^n_layer$|num_layers_per_stack|^num_spatial_layers$|self_attends_per_block|resampler_depth|^layers$",
        ),
        (
            "image",
            r"^(image|img|spec|pretrain_image|max_image|min_image|crop)_size$|^resolution$|^max_img_size$",
        ),
        (
            "ffn",
            r"intermediate|ffn|d_ff$|mlp_dim|feedforward|feed_forward|^dff$|^d_inner$|^n_inner$|^dim_ff$|linear_units|mlp_hidden_size|expert_dim$|mlp_size$|aligner_ffn",
        ),
        ("rank", r"lora_rank$|_rank$|_lowrank$"),
        ("state", r"state_size$|d_state$"),
        (
            "width",
            r"(sizes?|dims?|widths?|channels?|units|hidden|filters|embd|latents|d_model|out_ch|planes|features|embed|_dim_\w+|channel_list|inplanes|dim_per_stage|upsample_groups)$|^dim$|^d_model$|conv_dim$|tdnn_dim$",
        ),
    )
)


def kind_of(name: str) -> str | None:
    """The kind of size an attribute's name speaks of; None when it is no size."""
    if KEEP.search(name) and not re.search(r"codebook_size|vocab_size", name):
        return None
    return next((kind for kind, pattern in KINDS if pattern.search(name)), None)


# Kinds whose tiny value is the same for every model type; the rest depends on neighbours.
TARGETS: dict[str, int] = {
    "heads": 4,
    "kv_heads": 2,
    "mamba_heads": 8,
    "rope_dim": 8,
    "head_dim": 16,
    "topk_group": 1,
    "expert_groups": 2,
    "top_k": 2,
    "experts": 4,
    "shared_experts": 1,
    "first_dense": 1,
    "norm_groups": 4,
    "vocab": 1024,
    "labels": 8,
    "codebook_size": 128,
    "window": 8,
    "half_width": 32,
    "vision_window": 2,
    "block_size": 8,
    "chunk": 16,
    "positions": 512,
    "queries": 8,
    "layers": 2,
    "ffn": 128,
    "rank": 32,
    "state": 16,
    "width": 64,
}


def uniform_target(kind: str, name: str, value: int) -> int:
    """The tiny value of a lone number when widths all become the same few numbers."""
    if (kind == "width" and value < 24) or (kind == "vision_window" and value > 32):
        return value
    return min(value, TARGETS.get(kind, value))


def scaled_target(divisor: int) -> Callable[[str, str, int], int]:
    """Tiny values by dimension: widths shrink by `divisor`, heads and head sizes by its root.

    Every product and sum of the defaults (heads x head size = width, splits, concatenations)
    holds for the tiny values as well, whatever the code multiplies or adds.
    """
    by_heads = 2 ** ((divisor.bit_length() - 1) // 2)
    by_head_dim = divisor // by_heads

    def target(kind: str, name: str, value: int) -> int:
        if kind in ("width", "half_width", "ffn", "rank"):
            return _divide(value, divisor, least=8)
        if kind in ("heads", "kv_heads", "mamba_heads"):
            return value // by_heads if value % by_heads == 0 else value
        if kind in ("head_dim", "rope_dim", "state"):
            return _divide(value, by_head_dim, least=4)
        return uniform_target(kind, name, value)

    return target


def _divide(value: int, divisor: int, least: int) -> int:
    """`value / divisor` kept exact where it is whole, rounded up to `least` otherwise."""
    if value <= least:
        return value
    if value % divisor == 0 and value // divisor >= least:
        return value // divisor
    return max(least, -(-value // (divisor * least)) * least)


Target = Callable[[str, str, int], int]


def shrink_list(kind: str, name: str, values: list[Any], target: Target, widest: int) -> list[Any]:
    """A list with its length kept: stages keep their proportions, equal entries stay equal.

    `widest` is the largest width in any list of the whole configuration: every list is cut
    by the same measure, so that what one stage hands out is what the next one takes in.
    """
    if any(isinstance(v, list) for v in values):
        return [
            shrink_list(kind, name, v, target, widest) if isinstance(v, list) else v for v in values
        ]
    if not values or any(isinstance(v, bool) or not isinstance(v, int) for v in values):
        return values
    if kind in ("heads", "kv_heads") and len(set(values)) > 1:
        least = min(values)
        return [v // least if v % least == 0 else v for v in values]
    if kind == "layers":
        return [min(v, 2) for v in values]
    if kind in ("width", "ffn") and len(set(values)) > 1 and target is uniform_target:
        divisor = max(1, widest // 64)
        return [v if v < 16 else max(8, v // divisor // 8 * 8) for v in values]
    return [target(kind, name, v) for v in values]
