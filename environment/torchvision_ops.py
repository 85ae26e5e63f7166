"""Makes a CUDA build of torchvision importable with a CPU build of torch.

Its C++ extension cannot be loaded then, and registering fake kernels for its undefined operators
fails. Declaring the schemas of the operators first suffices for all Python code, such as the image
and video processors. Mask generation calls `nms`, which gets a kernel. Installed as a `.pth` hook
by `environment/install.py`; does nothing until torchvision is imported.
"""

import functools
import importlib.abc
import importlib.machinery
import sys

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height,"
    " SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor",
)


class TorchvisionFinder(importlib.abc.MetaPathFinder):
    """Declares the operators when torchvision is imported."""

    library = None

    def find_spec(self, fullname, path=None, target=None):
        if fullname == "torchvision":
            self.declare()
        elif fullname == "torchvision.extension":
            sys.meta_path.remove(self)
            spec = importlib.machinery.PathFinder.find_spec(fullname, path)
            spec.loader.exec_module = functools.partial(execute, spec.loader.exec_module)
            return spec
        return None

    def declare(self) -> None:
        import torch

        # Kept alive on the class: the definitions go when the library object goes.
        type(self).library = torch.library.Library("torchvision", "FRAGMENT")
        for schema in SCHEMAS:
            self.library.define(schema)
        self.library.impl("nms", nms, "CPU")


def execute(execute_as_written, extension) -> None:
    """Run `torchvision.extension`; torch reports operators without a kernel."""
    execute_as_written(extension)
    extension._assert_has_ops = lambda: None


def nms(dets, scores, iou_threshold):
    """Non-maximum suppression, as in `torchvision.ops.nms`.

    Args:
        dets: boxes (N, 4), x1, y1, x2, y2.
        scores: (N,).
        iou_threshold: largest intersection over union of two kept boxes.

    Returns:
        Indices (K,) of the kept boxes, int64, by decreasing score.
    """
    import torch

    areas = (dets[:, 2:] - dets[:, :2]).prod(1)
    order, kept = scores.argsort(descending=True, stable=True), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low = torch.maximum(dets[best, :2], dets[order, :2])
        high = torch.minimum(dets[best, 2:], dets[order, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        order = order[~(shared / (areas[best] + areas[order] - shared) > iou_threshold)]
    return torch.stack(kept) if kept else torch.zeros(0, dtype=torch.int64)


sys.meta_path.insert(0, TorchvisionFinder())
