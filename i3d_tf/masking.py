"""Region x fill: which pixels of a clip are replaced, and by what.

The paper's conditions replace the background, or the activity (the person), by
black.
"""

import tensorflow as tf

REGIONS = ('none', 'background', 'activity')  # the region that is replaced

# A fill is what a network input shows in place of the region, by stream: black
# for RGB, no motion for flow.
FILLS = {
    'black': {'rgb': -1.0, 'flow': 0.0},
}


def replace(clips, masks, found, region, fill='black', stream='rgb'):
  """Replaces a region of clips.

  A clip in which no person was found stays as it is, whatever the region: the
  paper's rule.

  Args:
    clips: float [B, T, H, W, C] in [-1, 1].
    masks: uint8 or bool [B, T, H, W], not 0 where the person is.
    found: bool [B], whether a person was found in the clip's video.
    region: one of `REGIONS`.
    fill: a key of `FILLS`.
    stream: 'rgb' or 'flow'.

  Returns:
    Clips of the same shape and dtype.

  Raises:
    ValueError: `region`, `fill` or `stream` is unknown.
  """
  if region not in REGIONS:
    raise ValueError(f'`region` must be one of {", ".join(REGIONS)}; received {region!r}')
  if fill not in FILLS:
    raise ValueError(f'`fill` must be one of {", ".join(FILLS)}; received {fill!r}')
  if stream not in FILLS[fill]:
    raise ValueError(f"`stream` must be 'rgb' or 'flow'; received {stream!r}")
  if region == 'none':
    return clips
  replaced = tf.cast(masks, tf.bool)
  if region == 'background':
    replaced = ~replaced
  replaced &= tf.cast(found, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis]
  return tf.where(replaced[..., tf.newaxis], tf.cast(FILLS[fill][stream], clips.dtype), clips)
