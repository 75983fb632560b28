"""Which flow records hold, and whether a network was trained on it."""

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.records import folders
from i3d_tf.records import schema


def of_records(settings):
  """The name in `optical_flow.LABELS` of the flow in a folder of records, None if it has none.

  Args:
    settings: those of its manifest.

  Raises:
    RecordError: they name a flow that there is not.
  """
  method, backend = settings.get('flow'), settings.get('flow_backend', optical_flow.BACKENDS[0])
  if method is None:
    return None
  try:
    optical_flow.check(method, backend)
  except ValueError as e:
    raise schema.RecordError(f'{folders.MANIFEST}: {e}') from e
  return optical_flow.label(method, backend)


def for_stream(stream, source):
  """The flow that a network of a stream is trained on: a name in `optical_flow.LABELS`, None for stream rgb.

  Args:
    stream: 'rgb' or 'flow'.
    source: the `folders.Records` that it is trained on.

  Raises:
    UserError: the stream is flow, and the records hold none.
  """
  if stream != 'flow':
    return None
  found = of_records(source.settings)
  if found is None:
    raise errors.UserError(
      f'{source.folder}: expected flow for --stream=flow; these records were '
      'made without (make_tfrecords --flow stores it)'
    )
  return found


def check_same(trained_on, settings, run_dir):
  """Makes sure that a network is not asked about another algorithm's flow.

  What computed it, OpenCV or array code, is no matter.

  Args:
    trained_on: a name in `optical_flow.LABELS`, or None for a network of stream rgb.
    settings: those of the manifest of the records that it is asked about.
    run_dir: of the network.

  Raises:
    UserError: the records hold another flow.
  """
  found = of_records(settings)
  if (
    trained_on is not None
    and found is not None
    and optical_flow.LABELS[trained_on][0] != optical_flow.LABELS[found][0]
  ):
    raise errors.UserError(
      f'expected records with flow of {optical_flow.LABELS[trained_on][0]}, which '
      f'{run_dir} was trained on; found {optical_flow.LABELS[found][0]}'
    )
