"""A trained network and what goes with it, from a run or from published weights."""

import dataclasses
import hashlib
import json
import os
from typing import Any

import tensorflow as tf

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import i3d
from i3d_tf.classifiers import kinds
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors
from i3d_tf.inference import options as options_lib
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import treatments
from i3d_tf.training import network as network_lib
from i3d_tf.training import runs

# What an export says of itself, within its folder.
EXPORTED = os.path.join('assets.extra', 'i3d_tf.json')


@dataclasses.dataclass(frozen=True)
class TrainedNetwork:
  """A network that can be asked.

  Attributes:
    source: the run directory or the file of weights.
    model: an `InceptionI3D` that computes in float32, or a `ClassifierModel`.
    stream: 'rgb' or 'flow', what it sees.
    flow: the flow that it was trained on, one of `optical_flow.LABELS`; 'tvl1' for published
      weights, no matter to stream rgb.
    label_names: class names in the order of the logits.
    resize: 'crop' or 'squash', how frames become the network's (`preprocess.center`).
    mask_dilation: pixels of the stored frames by which masks are grown.
    fill: what replaces a region, one of `treatments.FILLS`; black where it has no such fill.
    mask_shape: the shape of the mask, one of `treatments.SHAPES`.
    notes: in words, what was read; lines for the user.
    mask_place: where the mask is put, one of `treatments.PLACES`.
    time: the order of the frames, one of `treatments.TIMES`, in any case.
  """

  source: str
  model: Any  # Only `predict` takes both.
  stream: str
  label_names: tuple
  resize: str = 'crop'
  mask_dilation: int = clip_settings.ClipSettings().mask_dilation
  fill: str = 'black'
  flow: str = 'tvl1'
  notes: tuple = ()
  mask_shape: str = 'outline'
  mask_place: str = 'person'
  time: str = 'forward'

  def treatment(self, region: str) -> treatments.Treatment:
    """How a region is replaced as this network was trained: a `treatments.Treatment`.

    Raises:
      UserError: it takes stored flow, or from other videos, of which there are none beside the one
        that is asked.
    """
    if region == 'none':
      return treatments.Treatment(time=self.time)
    fill = 'black' if region == 'background' and self.fill == 'inpaint' else self.fill
    treatment = treatments.Treatment(region, fill, self.mask_place, self.mask_shape, self.time)
    if treatment.needs_flow:
      raise errors.UserError(
        f"{self.source}: was trained with fill 'carried', which takes the flow of records: "
        'evaluate asks it so; predict can with --mask=none'
      )
    if treatment.needs_partner or treatment.needs_twin:
      raise errors.UserError(
        f'{self.source}: was trained with fill {self.fill!r} and mask shape {self.mask_shape!r}, '
        'which take from other videos: evaluate asks it so; predict can with --mask=none'
      )
    return treatment

  def weights_sha256(self) -> str:
    """A hash of all weights, hexadecimal: equal for equal weights."""
    content = hashlib.sha256()
    for variable in self.model.variables:
      content.update(variable.numpy().tobytes())
    return content.hexdigest()

  def fingerprint(self) -> str:
    """A hash of what its answers depend on, hexadecimal.

    Of weights, precision and class names, and of how frames and masks become what it sees.
    """
    if isinstance(self.model, ClassifierModel):
      computed = self.model.fingerprint
    else:
      computed = f'{self.model.get_config()["dtype"]} {self.weights_sha256()}'
    seen = (self.stream, self.resize, self.mask_dilation, self.model.frame_size)
    return hashlib.sha256(repr((computed, *seen, self.label_names)).encode()).hexdigest()


def of_run(run_dir: str, precision: str | None = None) -> TrainedNetwork:
  """The network of a run, as its last checkpoint has it: a `TrainedNetwork`.

  Args:
    run_dir: the run.
    precision: one of `run_settings.PRECISIONS`; None for float32.

  Raises:
    UserError: there is no run, or it has no complete checkpoint.
  """
  run = runs.load(run_dir)
  # Whatever precision it was trained in: weights are float32 in any case.
  chosen = 'float32' if precision is None else precision
  asked = dataclasses.replace(run, network=dataclasses.replace(run.network, precision=chosen))
  model, step = network_lib.restore_model(run_dir, asked)
  return TrainedNetwork(
    run_dir,
    model,
    run.clips.stream,
    tuple(run.label_names),
    run.clips.resize,
    run.clips.mask_dilation,
    run.data.fill,
    'tvl1' if run.data.flow is None else run.data.flow,
    (f'{run_dir}: trained for {step} steps, replaced: {run.data.treatment.name}',),
    run.data.mask_shape,
    run.data.mask_place,
    run.data.time,
  )


def of_weights(
  path: str, stream: str, labels: str | None = None, precision: str | None = None
) -> TrainedNetwork:
  """A network with published weights: a `TrainedNetwork`.

  Args:
    path: any file that `weights.load` reads, with logits; or the name of a release.
    stream: 'rgb' or 'flow', what it must see.
    labels: file of class names (`labels.read`); None for the label map published
      next to the weights or, without one, 'class 0' and so on.
    precision: as in `of_run`.

  Raises:
    UserError: weights or labels cannot be used.
  """
  model, names, notes = i3d.build(path, stream, labels, precision)
  return TrainedNetwork(path, model, stream, names, notes=notes)


class ClassifierModel:
  """A classifier in the place of an `InceptionI3D`: it is called outside of TensorFlow.

  Attributes:
    frame_size, channels: as those of an `InceptionI3D`.
    fingerprint: as that of a `Classifier`.
    classifier: the classifier.
  """

  def __init__(self, classifier: protocol.Classifier) -> None:
    self.frame_size, self.channels = classifier.form.size, classifier.form.channels
    self.classifier = classifier
    self.fingerprint = classifier.fingerprint

  def __call__(self, clips: tf.Tensor, training: bool = False) -> tf.Tensor:
    """Clips float32 [B, T, S, S, C] in [-1, 1] to logits float32 [B, N]."""
    del training  # It is never trained.
    return tf.constant(self.classifier.logits(clips.numpy()))


def of_classifier(options: discovery.ClassifierOptions) -> TrainedNetwork:
  """A classifier of any kind, as `kinds.open_classifier` opens it.

  Raises:
    UserError: it cannot be used.
  """
  classifier = kinds.open_classifier(options)
  stream = {count: stream for stream, count in clip_settings.CHANNELS.items()}.get(
    classifier.form.channels
  )
  if stream is None:
    raise errors.UserError(
      f'{options.source}: expected clips of 3 channels (RGB) or 2 (flow); it takes '
      f'{classifier.form.channels}'
    )
  network = TrainedNetwork(
    options.source,
    ClassifierModel(classifier),
    stream,
    classifier.class_names,
    notes=classifier.notes,
  )
  exported = os.path.join(options.source, EXPORTED)
  if os.path.isfile(exported):  # so does an export of ours
    with open(exported) as f:
      about = json.load(f)
    names = ('resize', 'mask_dilation', 'fill', 'mask_shape', 'mask_place', 'time')
    return dataclasses.replace(network, **{name: about[name] for name in names if name in about})
  if not os.path.isfile(os.path.join(options.source, 'run.json')):
    return network
  # A run says itself how its frames and masks are made.
  run = runs.load(options.source)
  return dataclasses.replace(
    network,
    resize=run.clips.resize,
    mask_dilation=run.clips.mask_dilation,
    fill=run.data.fill,
    mask_shape=run.data.mask_shape,
    mask_place=run.data.mask_place,
    time=run.data.time,
    flow='tvl1' if run.data.flow is None else run.data.flow,
  )


def load(options: options_lib.NetworkOptions) -> list[TrainedNetwork]:
  """One network, or one of each stream.

  Args:
    options: an `options.NetworkOptions`.

  Returns:
    A list of `TrainedNetwork`s of the same classes, one or two.

  Raises:
    UserError: a network cannot be used, or they do not go together.
  """
  if options.classifier is not None:
    return [of_classifier(options.classifier)]
  networks = [of_run(run_dir, options.precision) for run_dir in options.run_dirs]
  networks += [
    of_weights(path, stream, options.labels, options.precision)
    for stream, path in (('rgb', options.weights), ('flow', options.flow_weights))
    if path is not None
  ]
  streams = [network.stream for network in networks]
  if len(set(streams)) != len(streams):
    raise errors.UserError(
      'expected one network of each stream; received '
      + ', '.join(f'{n.source} ({n.stream})' for n in networks)
    )
  first = networks[0]
  for other in networks[1:]:
    if other.label_names != first.label_names:
      raise errors.UserError(
        f'expected networks of the same classes; {first.source} has {len(first.label_names)}, '
        f'{other.source} has {len(other.label_names)}, or they differ in names or order'
      )
  return networks
