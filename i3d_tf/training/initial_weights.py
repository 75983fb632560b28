"""Whether the weights that a training starts from fit its network."""

import dataclasses

from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.training import run_settings
from i3d_tf.weights import readers


def fitted(settings: run_settings.Network, stream: str, width_given: bool) -> run_settings.Network:
  """Settings whose width is that of their weights.

  Args:
    settings: of the network.
    stream: 'rgb' or 'flow', what it is to see.
    width_given: whether the width was chosen, and must therefore be that of the weights.

  Returns:
    The settings, unchanged where there are no weights.

  Raises:
    UserError: the weights cannot be read, are of the other stream or of another width.
  """
  if settings.weights is None:
    return settings
  weights = readers.read(settings.weights)
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
