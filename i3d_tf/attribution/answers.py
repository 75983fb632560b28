"""The explanation of one clip: which classes, the maps of each, and their shares as rows."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import difflib

import numpy as np
from scipy import special
import tensorflow as tf

from i3d_tf.attribution import maps
from i3d_tf.attribution import options
from i3d_tf.attribution import row_files
from i3d_tf.attribution.methods import explainers
from i3d_tf.common import errors
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import preprocess


@dataclasses.dataclass(frozen=True)
class Clip:
  """What is explained.

  Attributes:
    video: its name.
    frames: uint8 [T, S, S, C], as the network sees them.
    mask: uint8 [T, S, S] of 0 and 1, grown as the treatments grow it; 0 without a person.
    class_name: what it shows; '' if nobody said.
    accepted: the network's classes that are right; () if nobody said.
    group: what it shares performer and place with.
  """

  video: str
  frames: np.ndarray
  mask: np.ndarray
  class_name: str = ''
  accepted: tuple[int, ...] = ()
  group: str = ''

  @property
  def has_person(self) -> bool:
    """Whether the mask shows a person."""
    return bool(self.mask.any())


@dataclasses.dataclass(frozen=True)
class Explained:
  """The explanation of one clip.

  Attributes:
    clip: of what it is.
    inputs: float32 [T, S, S, C] in [-1, 1], what the network saw.
    logits: float32 [N].
    targets: the classes, as they were asked for -> index.
    maps: (target, method) -> map.
    rows: the same as rows.
  """

  clip: Clip
  inputs: np.ndarray
  logits: np.ndarray
  targets: Mapping[str, int]
  maps: Mapping[tuple[str, str], maps.AttributionMap]
  rows: Sequence[row_files.Row]


def check_targets(targets: Sequence[str], names: Sequence[str], has_labels: bool) -> None:
  """Refuses classes that a network does not have.

  Args:
    targets: as in `options.ExplainOptions`.
    names: the classes of the network.
    has_labels: whether it is known what the videos show.

  Raises:
    UserError: a class is unknown, or 'true' is asked of videos of which nobody said what they
      show.
  """
  if options.TRUE in targets and not has_labels:
    raise errors.UserError(
      f'--target={options.TRUE} is for videos whose class is known (--records or --csv); name the '
      'class, such as --target=abseiling'
    )
  for target in targets:
    if target not in (options.TRUE, options.PREDICTED, *names):
      near = difflib.get_close_matches(target, names, 3)
      raise errors.UserError(
        f'--target must be {options.TRUE}, {options.PREDICTED} or a class of the network; received '
        f'{target!r}' + (f' (near: {", ".join(near)})' if near else '')
      )


def explain(
  explainer: explainers.Explainer,
  asked: trained_networks.TrainedNetwork,
  clip: Clip,
  methods: Sequence[str],
  targets: Sequence[str],
  progress: Callable[[int], None] | None = None,
) -> Explained:
  """Explains the answer about one clip.

  Args:
    explainer: of the network.
    asked: the network, which says how it replaces regions.
    clip: the clip.
    methods: some of those that the explainer has.
    targets: as in `options.ExplainOptions`.
    progress: of occlusion.
  """
  inputs = _inputs(asked, clip, 'none')
  logits = explainer.logits(inputs[np.newaxis])[0]
  indices = {target: _index(target, logits, clip, asked.label_names) for target in targets}
  probability = _softmax(logits)
  without = dict.fromkeys(('activity', 'background'), probability)
  if clip.has_person:
    without = {
      region: _softmax(explainer.logits(_inputs(asked, clip, region)[np.newaxis])[0])
      for region in without
    }
  found: dict[tuple[str, str], maps.AttributionMap] = {}
  # 'true' and 'predicted' are often the same class: its map is made once.
  unique = list(dict.fromkeys(indices.values()))
  for method in methods:
    of_class = dict(zip(unique, explainer.explain(method, inputs, unique, progress)))
    found.update({(target, method): of_class[index] for target, index in indices.items()})
  rows = []
  for (target, method), attribution in found.items():
    share = maps.share_inside(attribution, clip.mask)
    index = indices[target]
    rows.append(
      row_files.Row(
        clip.video,
        clip.class_name,
        clip.group,
        target,
        asked.label_names[index],
        method,
        share.share,
        share.area,
        float(probability[index]),
        float(without['activity'][index]),
        float(without['background'][index]),
        int(logits.argmax()) in clip.accepted if clip.accepted else None,
        len(clip.frames),
      )
    )
  return Explained(clip, inputs, logits, indices, found, rows)


def _inputs(asked: trained_networks.TrainedNetwork, clip: Clip, region: str) -> np.ndarray:
  """What the network sees, float32 [T, S, S, C], with a region replaced as it replaces it."""
  batch = {
    'frames': tf.constant(clip.frames[np.newaxis]),
    'masks': tf.constant(clip.mask[np.newaxis]),
    'has_person': tf.constant([clip.has_person]),
  }
  return preprocess.network_input(batch, asked.treatment(region), asked.stream)[0].numpy()


def _index(target: str, logits: np.ndarray, clip: Clip, names: Sequence[str]) -> int:
  """The class of a target; of several that are right the one of the highest logit."""
  if target == options.PREDICTED:
    return int(logits.argmax())
  if target == options.TRUE:
    return max(clip.accepted, key=lambda index: logits[index])
  return list(names).index(target)


def _softmax(logits: np.ndarray) -> np.ndarray:
  return special.softmax(logits.astype(np.float64))
