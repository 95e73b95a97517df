"""Figures in one colour-blind-safe style, for reports, benchmarks and notebooks."""

from .learning import layer_densities, learning_curves
from .matrix import cells, exchange
from .style import COLOURS, DASHES, DROPPED, GROWN, HUES, KEPT, STYLE, line_styles, save, styled_figure, use

__all__ = ["COLOURS", "DASHES", "DROPPED", "GROWN", "HUES", "KEPT", "STYLE", "cells", "exchange", "layer_densities",
           "learning_curves", "line_styles", "save", "styled_figure", "use"]  # fmt: skip
