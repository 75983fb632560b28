"""Whether the weights that a training starts from fit its network."""

import dataclasses
import os

from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.training import run_settings
from i3d_tf.weights import readers
from i3d_tf.weights.published import fetch


def fitted(settings: run_settings.Network, stream: str, width_given: bool) -> run_settings.Network:
  """Settings whose weights are a path, and whose width is that of the weights.

  Args:
    settings: of the network; its weights are a path, or the name of a release.
    stream: 'rgb' or 'flow', what it is to see.
    width_given: whether the width was chosen, and must therefore be that of the weights.

  Returns:
    The settings; unchanged without weights.

  Raises:
    UserError: the weights cannot be read, are of the other stream or of another width.
  """
  if settings.weights is None:
    return settings
  path = os.path.abspath(fetch.resolve(settings.weights))
  settings = dataclasses.replace(settings, weights=path)
  weights = readers.read(path)
  if weights.channels != clip_settings.CHANNELS[stream]:
    raise errors.UserError(
      f'{settings.weights}: its first convolution takes {weights.channels} channels; expected '
      f'{clip_settings.CHANNELS[stream]} for --stream={stream}'
    )
  if weights.width is None:
    raise errors.UserError(
      f'{settings.weights}: expected the channels of I3D, all scaled by one factor; found others'
    )
  if width_given and not weights.has_width(settings.width):
    raise errors.UserError(
      f'{settings.weights}: has width {weights.width:g}; received '
      f'--width={settings.width:g}. Without --width it is that of the weights'
    )
  return settings if width_given else dataclasses.replace(settings, width=weights.width)
