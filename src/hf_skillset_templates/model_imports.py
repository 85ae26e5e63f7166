"""The modules that the fork server imports for jobs with models.

OpenVINO and ONNX Runtime must not be among them: their threads do not survive a fork.
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
