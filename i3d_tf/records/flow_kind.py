"""Which flow records hold, and whether it is the flow that a network was trained on."""

from collections.abc import Mapping
import os
from typing import Any

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.records import folders
from i3d_tf.records import schema


def of_records(settings: Mapping[str, Any]) -> str | None:
  """The name in `optical_flow.LABELS` of the flow in a folder of records; None without flow.

  Args:
    settings: those of its manifest.

  Raises:
    RecordError: they name an unknown method or backend.
  """
  method, backend = settings.get('flow'), settings.get('flow_backend', optical_flow.BACKENDS[0])
  if method is None:
    return None
  try:
    optical_flow.check(method, backend)
  except ValueError as e:
    raise schema.RecordError(f'{folders.MANIFEST}: {e}') from e
  return optical_flow.label(method, backend)


def for_stream(stream: str, source: folders.Records, with_flow: bool = False) -> str | None:
  """The name in `optical_flow.LABELS` of the flow that a network trains on; None if on none.

  Args:
    stream: 'rgb' or 'flow'.
    source: the records that it trains on.
    with_flow: whether its treatment takes flow, too, where the stream is rgb.

  Raises:
    UserError: it trains on flow, and the records hold none.
  """
  if stream != 'flow' and not with_flow:
    return None
  stored = of_records(source.settings)
  if stored is None:
    asking = '--stream=flow' if stream == 'flow' else 'fill carried'
    raise errors.UserError(
      f'{source.folder}: expected flow for {asking}; these records were '
      'made without (make_tfrecords --flow stores it)'
    )
  return stored


def check_same(
  trained_on: str | None, settings: Mapping[str, Any], run_dir: str | os.PathLike
) -> None:
  """Makes sure that records hold flow of the algorithm that a network was trained on.

  The backend, OpenCV or array code, may differ.

  Args:
    trained_on: a name in `optical_flow.LABELS`, or None for a network of stream rgb.
    settings: those of the manifest of the records that the network is to see.
    run_dir: of the network.

  Raises:
    UserError: the records hold flow of another algorithm.
  """
  stored = of_records(settings)
  if (
    trained_on is not None
    and stored is not None
    and optical_flow.LABELS[trained_on][0] != optical_flow.LABELS[stored][0]
  ):
    raise errors.UserError(
      f'expected records with flow of {optical_flow.LABELS[trained_on][0]}, which '
      f'{run_dir} was trained on; found {optical_flow.LABELS[stored][0]}'
    )
