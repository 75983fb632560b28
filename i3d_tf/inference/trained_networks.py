"""A trained network and what goes with it, from a run or from published weights."""

import dataclasses
import hashlib

from i3d_tf.common import errors
from i3d_tf.inputs import from_records
from i3d_tf.weights import label_maps
from i3d_tf.model import inception_i3d
from i3d_tf.training import runs
from i3d_tf.weights import readers


@dataclasses.dataclass(frozen=True)
class TrainedNetwork:
  """A network that can be asked.

  Attributes:
    source: the run directory or the file of weights.
    model: an `InceptionI3D` that computes in float32.
    stream: 'rgb' or 'flow', what it sees.
    flow: the flow that it was trained on, one of `optical_flow.LABELS`; 'tvl1' for published
      weights, no matter to stream rgb.
    label_names: class names in the order of the logits.
    resize: 'crop' or 'squash', how frames become the network's (`preprocess.center`).
    mask_dilation: pixels of the stored frames by which masks are grown.
    fill: what replaces a region, a key of `masking.FILLS`.
    notes: in words, what was read; lines for the user.
  """

  source: str
  model: inception_i3d.InceptionI3D
  stream: str
  label_names: tuple
  resize: str = 'crop'
  mask_dilation: int = from_records.Settings().mask_dilation
  fill: str = 'black'
  flow: str = 'tvl1'
  notes: tuple = ()

  def weights_sha256(self):
    """A hash of all weights, hexadecimal: equal for equal weights."""
    content = hashlib.sha256()
    for variable in self.model.variables:
      content.update(variable.numpy().tobytes())
    return content.hexdigest()


def of_run(run_dir):
  """The network of a run, as its last checkpoint has it: a `TrainedNetwork`.

  Raises:
    UserError: there is no run, or it has no whole checkpoint.
  """
  run = runs.load(run_dir)
  # Whatever precision it was trained in: weights are float32 in any case.
  float32 = dataclasses.replace(
      run, network=dataclasses.replace(run.network, precision='float32'))
  model, step = runs.restore_model(run_dir, float32)
  return TrainedNetwork(
      run_dir, model, run.clips.stream, tuple(run.label_names), run.clips.resize,
      run.clips.mask_dilation, run.data.fill, 'tvl1' if run.data.flow is None else run.data.flow,
      (f'{run_dir}: trained for {step} steps, replaced: {run.data.mask}',))


def of_weights(path, stream, labels=None):
  """A network with published weights: a `TrainedNetwork`.

  Args:
    path: any file that `weights.load` reads, with logits.
    stream: 'rgb' or 'flow', what it must see.
    labels: file of class names (`labels.read`); None for the label map published
      beside the weights or, without one, 'class 0' and so on.

  Raises:
    UserError: weights or labels cannot be used.
  """
  found = readers.read(path)
  if found.num_classes is None:
    raise errors.UserError(f'{path}: expected weights with logits; it has none')
  model = inception_i3d.InceptionI3D(
      found.num_classes, from_records.CHANNELS[stream], dropout=0.0, dtype='float32')
  notes = [found.assign(model)]
  if labels is not None:
    names = label_maps.read(labels, found.num_classes)
  else:
    beside, names = label_maps.find(path, found.num_classes)
    if names is None:
      names = [f'class {i}' for i in range(found.num_classes)]
      notes.append(f'no label map of {found.num_classes} classes lies near {path}: '
                   '--labels=label_map.txt names them')
    else:
      notes.append(f'{beside}: class names')
  return TrainedNetwork(path, model, stream, tuple(names), notes=tuple(notes))


def load(run_dirs=(), weights=None, flow_weights=None, labels=None):
  """One network, or one of each stream.

  Args:
    run_dirs: run directories.
    weights, flow_weights: files of weights of the RGB and of the flow network, or None.
    labels: as in `of_weights`.

  Returns:
    A list of `TrainedNetwork`s of the same classes, one or two.

  Raises:
    UserError: a network cannot be used, or they do not go together.
  """
  networks = [of_run(run_dir) for run_dir in run_dirs]
  networks += [of_weights(path, stream, labels)
               for stream, path in (('rgb', weights), ('flow', flow_weights)) if path is not None]
  streams = [network.stream for network in networks]
  if len(set(streams)) != len(streams):
    raise errors.UserError('expected one network of each stream; received '
                           + ', '.join(f'{n.source} ({n.stream})' for n in networks))
  first = networks[0]
  for other in networks[1:]:
    if other.label_names != first.label_names:
      raise errors.UserError(
          f'expected networks of the same classes; {first.source} has {len(first.label_names)}, '
          f'{other.source} has {len(other.label_names)}, or they differ in names or order')
  return networks
