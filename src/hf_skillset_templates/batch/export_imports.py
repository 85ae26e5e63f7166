"""Imports the modules that every export imports; run once by the fork server.

transformers' exporters patch some forty model modules at each export and import them for it.
"""

from transformers.exporters import exporter_dynamo, exporter_onnx  # noqa: F401  (they register)
from transformers.exporters.utils import apply_patches

for backend in ("dynamo", "onnx"):
    with apply_patches(backend):
        pass
