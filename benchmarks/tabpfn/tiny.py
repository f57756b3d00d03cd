"""Weights of TabPFN that weigh nothing: untrained, so that its code runs without a download; what they say is noise."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

#: Sizes of the smallest network of release v3.5.
_NETWORK = {
    "max_num_classes": 10, "num_buckets": 32, "embed_dim": 16, "dist_embed_num_blocks": 1, "dist_embed_num_heads": 2,
    "dist_embed_num_inducing_points": 4, "feat_agg_num_blocks": 1, "feat_agg_num_heads": 2,
    "feat_agg_num_cls_tokens": 2, "nlayers": 1, "icl_num_heads": 2, "decoder_head_dim": 8, "decoder_num_heads": 2,
    "softmax_scaling_mlp_hidden_dim": 4, "fourier_encoding_num_frequencies": 4, "cell_ecdf_num_frequencies": 2,
    "cell_ecdf_num_buckets": 64,
}  # fmt: skip
#: Sizes of the smallest network of release v2, which is for classes alone.
_OLD = {
    "emsize": 16, "nlayers": 1, "nhead": 2, "features_per_group": 2, "seed": 0, "max_num_classes": 10,
    "num_buckets": -1,
}  # fmt: skip


def tiny_weights(path: Path) -> Path:
    """Write weights for classes and numbers in the format of v3.5 (122 kB); its name must hold "v3.5"."""
    from tabpfn.checkpoint import save_as_safetensors
    from tabpfn.constants import ModelVersion
    from tabpfn.inference_config import InferenceConfig

    model, config = _network("tabpfn_v3_5", _NETWORK)
    save_as_safetensors(
        {
            "state_dict": model.state_dict(),
            "config": config,
            "architecture_name": "tabpfn_v3_5",
            "inference_config": asdict(InferenceConfig.get_default("multiclass", ModelVersion.V2_5)),
        },
        path,
    )
    return path


def tiny_old_weights(path: Path) -> Path:
    """Write weights for classes in the format of v2 (34 kB)."""
    import torch

    model, config = _network("tabpfn_v2", _OLD)
    torch.save({"state_dict": model.state_dict(), "config": config, "architecture_name": "tabpfn_v2"}, path)
    return path


def _network(name: str, sizes: dict[str, int]):
    import torch
    from tabpfn.architectures import ARCHITECTURES

    torch.manual_seed(0)
    config, _ = ARCHITECTURES[name].parse_config(sizes)
    model = ARCHITECTURES[name].get_architecture(config)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() >= 2 and weights.abs().sum() == 0:
                weights.normal_(0, 0.05)
    return model, asdict(config)
