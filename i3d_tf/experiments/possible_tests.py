"""Which treatments a list of videos allows: some take from other videos, or flow."""

from collections.abc import Sequence

from i3d_tf.common import errors
from i3d_tf.inputs import partners
from i3d_tf.inputs import treatments as treatments_lib
from i3d_tf.records import folders
from i3d_tf.records import splits


def split_off_impossible(
  source: folders.Records,
  treatments: Sequence[str],
  subset: str,
  split: int,
  hold_out: Sequence[str] = (),
) -> tuple[list[str], dict[str, str]]:
  """Splits treatments into those that a list allows and the others.

  Args:
    source: the records.
    treatments: names.
    subset, split, hold_out: the list, as `splits.load` takes them.

  Returns:
    (names of those that can be tested, from the name of each other to the reason).

  Raises:
    UserError: the list cannot be used.
  """
  entries, _ = splits.load(source, subset, split, hold_out)
  impossible: dict[str, str] = {}
  for name, treatment in treatments_lib.parse_all(treatments).items():
    try:
      partners.check(source, entries, treatment)
      splits.check(source, entries, 'rgb', (), treatment.needs_flow)
    except errors.UserError as e:
      impossible[name] = str(e)
  return [name for name in treatments if name not in impossible], impossible
