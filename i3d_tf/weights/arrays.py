"""The weights of a network as arrays by the original's names: what every reader returns."""

from collections.abc import Mapping
import dataclasses

import numpy as np

from i3d_tf.common import errors
from i3d_tf.model import architecture
from i3d_tf.weights import variable_names

STREAMS = {3: 'rgb', 2: 'flow'}  # Channels of the input: stream.


class WeightsError(errors.UserError):
  """A file of weights cannot be used; the message names the file and the reason."""


@dataclasses.dataclass(frozen=True)
class Weights:
  """The contents of a file of weights.

  Attributes:
    path: the file, as the user named it.
    kind: the kind of file, in words.
    arrays: float32 arrays by original name: kernels [kt, kh, kw, in, out], all
      others [C]. Without the head if the file has none.
    ignored: descriptions of what else the file holds.
    of_images: whether it is an image network, whose head never fits.
  """

  path: str
  kind: str
  arrays: Mapping[str, np.ndarray]
  ignored: tuple[str, ...] = ()
  of_images: bool = False

  @property
  def channels(self) -> int:
    """Channels of the frames that the network takes."""
    return self.arrays[variable_names.CONV1].shape[3]

  @property
  def num_classes(self) -> int | None:
    """Number of logits; None without a head."""
    bias = variable_names.HEAD[1]
    return len(self.arrays[bias]) if bias in self.arrays else None

  @property
  def width(self) -> float | None:
    """The factor on the number of channels, as in `InceptionI3D`; None if no factor fits."""
    return architecture.width_of(
      [(filters, self.arrays[name].shape[-1]) for name, filters in variable_names.kernels().items()]
    )

  def has_width(self, width: float) -> bool:
    """Whether every layer has as many channels as in an `InceptionI3D` of this width."""
    return all(
      self.arrays[name].shape[-1] == architecture.scaled_filters(filters, width)
      for name, filters in variable_names.kernels().items()
    )
