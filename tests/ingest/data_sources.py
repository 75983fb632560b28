"""Video files to store, for tests of `build`."""

from tests import fakes


def write(folder):
  """Writes seven videos of two classes, some with masks: a list of `encode_video.VideoSource`."""
  return [
    fakes.source(
      folder,
      f'{"AB"[n % 2]}/v_{"AB"[n % 2]}_g{n:02d}_c01.avi',
      label=n % 2,
      frames=fakes.moving(3 + n, seed=n),
      masks=fakes.moving_masks(3 + n) if n % 3 else None,
    )
    for n in range(7)
  ]
