"""What nearly every model job imports: seconds for a fresh process, nothing for a fork.

OpenVINO and ONNX Runtime must never be among it: their threads do not survive a fork.
"""

MODEL_IMPORTS = (
    "numpy",
    "PIL.Image",
    "soundfile",
    "soxr",
    "transformers.generation",
    "transformers.modeling_layers",
    "transformers.masking_utils",
    "transformers.backbone_utils",
    "transformers.processing_utils",
    "transformers.image_processing_utils",
    "transformers.models.auto.modeling_auto",
)
