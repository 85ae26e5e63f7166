"""Lets a CUDA build of torchvision import beside a CPU build of torch.

Its C++ extension does not load there, and its Python code then fails while it registers
fake kernels for operators that nobody defined. Declaring their schemas first is enough
for everything that is written in Python: the image and video processors among it.
Installed as a `.pth` hook by `environment/install.py`; costs nothing until torchvision
is imported.
"""

import importlib.abc
import sys

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height,"
    " SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor",
)


class TorchvisionFinder(importlib.abc.MetaPathFinder):
    """Declares the operators just before torchvision itself is looked up."""

    library = None

    def find_spec(self, fullname, path=None, target=None):
        if fullname == "torchvision":
            sys.meta_path.remove(self)
            self.declare()
        return None

    def declare(self) -> None:
        import torch

        # Kept alive on the class: the definitions go when the library object goes.
        type(self).library = torch.library.Library("torchvision", "FRAGMENT")
        for schema in SCHEMAS:
            self.library.define(schema)


sys.meta_path.insert(0, TorchvisionFinder())
