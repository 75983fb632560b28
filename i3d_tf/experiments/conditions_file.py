"""The file conditions.json of a folder of results: which rows it has, and of what.

`reporting.load_results` reads it.
"""

from collections.abc import Mapping, Sequence
import json
import os
from typing import Any, NamedTuple

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.experiments import conditions as conditions_lib
from i3d_tf.reporting import load_results


class MadeFrom(NamedTuple):
  """Records that results are of.

  Attributes:
    records: their folder.
    content: their `fingerprints.content_hash`; None if they are not there yet.
  """

  records: str
  content: str | None


def write(
  run_dir: str,
  label_names: Sequence[str],
  conditions: Sequence[conditions_lib.Condition],
  made_from: Mapping[int | None, MadeFrom],
  network: Mapping[str, Any] | None = None,
  hold_out: Sequence[str] = (),
) -> None:
  """Adds rows to the file; those that were run before stay, in the order of the table.

  Each names the records that it was made from: those of another diversity hold other videos of
  the same names.

  Args:
    run_dir: the folder of results.
    label_names: class names of the records.
    conditions: the rows to add.
    made_from: the records of each diversity (None for rows without) of `conditions`.
    network: a JSON-able dict that tells the network on trial from others, with its `source`; None
      where rows train networks of their own.
    hold_out: groups of the training lists that are tested on in place of the test lists.

  Raises:
    UserError: the folder holds results of other classes, records, networks or lists, or something
      else.
  """
  path = os.path.join(run_dir, load_results.CONDITIONS)
  rows = {condition.name: made_from[condition.diversity] for condition in conditions}
  if os.path.exists(path):
    records = next(iter(made_from.values())).records
    for name, diversity, found in _read_same(
      path, records, list(label_names), network, list(hold_out)
    ):
      wanted = made_from.get(diversity)
      if wanted is not None and found.content != wanted.content:
        raise errors.UserError(
          f'{run_dir}: {name} was made from other videos or masks ({found.records}) than '
          f'{wanted.records} now holds. Give another --run_dir'
        )
      rows.setdefault(name, found)
  content = {
    'label_names': list(label_names),
    **({} if network is None else {'network': dict(network)}),
    **({'hold_out': list(hold_out)} if hold_out else {}),
    'conditions': [
      {**condition.to_json(), **rows[condition.name]._asdict()}
      for condition in conditions_lib.ALL
      if condition.name in rows
    ],
  }
  files.write_json(path, content)


def _read_same(
  path: str,
  records: str,
  label_names: list[str],
  network: Mapping[str, Any] | None,
  hold_out: list[str],
) -> list[tuple[str, int | None, MadeFrom]]:
  """The rows (name, diversity, records) of a file of the same classes and network.

  `records` is the folder of records that have `label_names`, for messages.
  """
  try:
    with open(path) as f:
      before = json.load(f)
    known = list(map(str, before['label_names']))
    held_out = list(map(str, before.get('hold_out', ())))
    found = before.get('network')
    found_source = None if found is None else found['source']
    rows = [
      (row['name'], row['diversity'], MadeFrom(str(row['records']), row['content']))
      for row in before['conditions']
    ]
  except (ValueError, KeyError, TypeError, AttributeError) as e:
    raise errors.UserError(f'{path}: expected what reproduce writes; {e}') from e
  if found != (None if network is None else dict(network)):
    raise errors.UserError(
      f'{path}: holds results of {_described(found_source, found, network)}. Give another --run_dir'
    )
  if held_out != hold_out:
    tests = [
      f'--hold_out={",".join(names)}' if names else 'test lists' for names in (held_out, hold_out)
    ]
    raise errors.UserError(
      f'{path}: holds results of {tests[0]}, not of {tests[1]}. Give another --run_dir'
    )
  if known != label_names:
    raise errors.UserError(
      f'{path}: holds results of other classes ({", ".join(known[:3])}, ...) than {records} '
      f'({", ".join(label_names[:3])}, ...). Give another --run_dir'
    )
  return rows


def _described(
  source: str | None, found: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None
) -> str:
  """What a folder holds results of, where another network was asked for."""
  if found is None:
    return 'networks that reproduce trained'
  if wanted is not None and source == wanted['source']:
    return f'{source}, which has changed since, or was asked otherwise'
  return f'the network {source}'
