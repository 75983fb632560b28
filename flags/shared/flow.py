"""Flags that say which optical flow is stored, and what computes it."""

from absl import flags

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow


class _Parser(flags.ArgumentParser):
  """'tvl1' and so on; --flow alone, which absl passes on as 'true', is the first of them."""

  def parse(self, argument: str | None) -> str | None:
    if argument is None or argument in optical_flow.METHODS:
      return argument
    if str(argument).lower() in ('true', 't', '1'):
      return optical_flow.METHODS[0]
    if str(argument).lower() in ('false', 'f', '0'):
      return None
    raise ValueError(f'expected --flow, --flow={" or --flow=".join(optical_flow.METHODS)}')

  def flag_type(self) -> str:
    return 'string'


def define() -> None:
  """--flow and --flow_backend; `method_and_backend` reads them."""
  # boolean: --flow and --noflow go without a value.
  flags.DEFINE_flag(
    flags.Flag(
      _Parser(),
      flags.ArgumentSerializer(),
      'flow',
      None,
      'Store optical flow, too: --flow or --flow=tvl1, which I3D was trained on (0.4 to 3 seconds '
      'a frame and core), or --flow=dis, another algorithm and another flow (10 ms).',
      boolean=True,
    )
  )
  flags.DEFINE_enum(
    'flow_backend',
    optical_flow.BACKENDS[0],
    optical_flow.BACKENDS,
    'What computes TV-L1: opencv, the reference, or xla: TensorFlow or JAX '
    '(KERAS_BACKEND), several times as fast, on a GPU if there is one.',
  )


def method_and_backend() -> tuple[str | None, str]:
  """What the flags ask for: (method or None, backend).

  Raises:
    UserError: the backend does not compute the method.
  """
  method, backend = flags.FLAGS.flow, flags.FLAGS.flow_backend
  if flags.FLAGS['flow_backend'].present and method is None:
    raise errors.UserError(f'expected --flow with --flow_backend={backend}; it was not given')
  if method is not None:
    try:
      optical_flow.check(method, backend)
    except ValueError as e:
      raise errors.UserError(f'--flow, --flow_backend: {e}') from e
  return method, backend
