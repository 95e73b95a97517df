"""The MNIST family: 28×28 grey images in four IDX files, `mnist` and `fashion-mnist`.

Sources: Y. LeCun et al., "Gradient-based learning applied to document recognition", 1998;
H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST", arXiv:1708.07747.
"""

import numpy as np
from numpy.typing import NDArray

from minidst.data.dataset import Dataset
from minidst.data.idx import read_idx
from minidst.data.places import LAYOUTS, find

# Mean and standard deviation of the training pixels scaled to 0..1: constants, so that a part of the
# set, or one image, is scaled exactly like the whole.
MOMENTS = {"mnist": (0.1307, 0.3081), "fashion-mnist": (0.2860, 0.3530)}


def load_mnist(name: str, data_dir: object = None, check: bool = True) -> Dataset:
    """Return `mnist` or `fashion-mnist`: x (60000, 784) and (10000, 784), standardised; 10 classes.

    data_dir: a folder to look in first, see `minidst.data.places`. check: compare SHA-256 digests.
    Raises ValueError if files are missing, damaged or not the known ones.
    """
    files = find(LAYOUTS[name], data_dir)
    arrays = {
        array: read_idx(path, 3 if "images" in array else 1, f"{name}/{array}" if check else None)
        for array, path in files.items()
    }
    mean, std = MOMENTS[name]
    # One table of 256 floats instead of arithmetic on 47 million pixels: no float64 temporary.
    scaled = ((np.arange(256) / 255 - mean) / std).astype(np.float32)

    def flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        count, height, width = images.shape
        return scaled[images.reshape(count, height * width)]

    return Dataset(
        flat(arrays["train-images-idx3-ubyte"]),
        arrays["train-labels-idx1-ubyte"],
        flat(arrays["t10k-images-idx3-ubyte"]),
        arrays["t10k-labels-idx1-ubyte"],
        10,
        name,
    )
