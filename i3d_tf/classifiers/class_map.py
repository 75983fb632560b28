"""Which classes of a network count as right for which classes of a data set.

Where both have the same names, the names say it. Where they differ, a CSV file does, with one row
for each accepted class, several for a class of the data set if several are right:

    class,accepted
    BaseballPitch,catching or throwing baseball
    BaseballPitch,throwing ball

Needs no TensorFlow.
"""

from collections.abc import Iterable, Mapping, Sequence
import csv
import difflib
import os

from i3d_tf.common import errors
from i3d_tf.common import text
from i3d_tf.common import text_files

SEPARATOR = '|'  # Between the accepted classes in the name of a class of a data set.
_COLUMNS = ('class', 'accepted')
_NEAR = 3  # Names that an error suggests.

Accepted = tuple[tuple[int, ...], ...]


def read(path: str | os.PathLike) -> dict[str, list[str]]:
  """Reads a class map: class of the data set -> accepted classes of the network, in their order.

  Raises:
    UserError: it cannot be read, or a line lacks a class.
  """
  accepted: dict[str, list[str]] = {}
  try:
    with open(path, newline='', encoding=text_files.ENCODING) as f:
      rows = csv.DictReader(f)
      if not set(_COLUMNS) <= set(rows.fieldnames or ()):
        raise errors.UserError(
          f'{path}: expected a CSV file with the columns {" and ".join(_COLUMNS)}; '
          f'found {", ".join(rows.fieldnames or ["none"])}'
        )
      for row in rows:
        name, other = ((row[column] or '').strip() for column in _COLUMNS)
        if not name or not other or None in row:
          raise errors.UserError(
            f'{path}:{rows.line_num}: expected a class of the data set and one of the network; '
            f'found {name!r}, {other!r}' + (' and more' if None in row else '')
          )
        found = accepted.setdefault(name, [])
        if other not in found:
          found.append(other)
  except (OSError, UnicodeDecodeError, csv.Error) as e:
    raise errors.UserError(f'{path}: expected a CSV file of classes; {e}') from e
  if not accepted:
    raise errors.UserError(f'{path}: expected one row for each accepted class; found none')
  return accepted


def match(
  names: Sequence[str],
  network_names: Sequence[str],
  class_map: Mapping[str, Sequence[str]] | None = None,
) -> Accepted:
  """Finds the accepted classes of a network for every class of a data set.

  A class without a row in the map goes by its own name, or, if the network has none of that
  name, by those that its name lists: 'push up|sit up'.

  Args:
    names: the classes of the data set.
    network_names: the classes of the network, in the order of its logits. A name that it has
      several times is accepted everywhere.
    class_map: as `read` returns it, or None.

  Returns:
    For each class of the data set, the indices of its accepted classes, at least one.

  Raises:
    UserError: the network lacks a class, or the map names one that either side lacks; the
      message lists near names.
  """
  indices: dict[str, list[int]] = {}
  for index, name in enumerate(network_names):
    indices.setdefault(name, []).append(index)
  given = {} if class_map is None else class_map
  wanted = {name: given.get(name) or _listed(name, indices) for name in names}
  unknown = [name for name in given if name not in wanted]
  unmapped = [
    name for name in names if name not in given and not all(n in indices for n in wanted[name])
  ]
  absent = {n: None for name in given if name in wanted for n in wanted[name] if n not in indices}
  problems = []
  if unknown:
    problems.append(f'the data set has no {_with_near(unknown, names)}')
  if absent:
    problems.append(f'the network has no {_with_near(absent, network_names)}')
  if unmapped:
    problems.append(
      f'the network has no {_with_near(unmapped, network_names)}, '
      + ('of the data set' if class_map is None else 'and the map says nothing of it')
    )
  if problems:
    raise errors.UserError('; '.join(problems))
  return tuple(tuple(i for n in wanted[name] for i in indices[n]) for name in names)


def as_names(
  names: Sequence[str], network_names: Sequence[str], accepted: Accepted
) -> dict[str, list[str]] | None:
  """The map in words, for results: class -> accepted classes; None if all go by their own names."""
  found = {
    name: list(dict.fromkeys(network_names[i] for i in indices))
    for name, indices in zip(names, accepted)
  }
  return None if all([name] == others for name, others in found.items()) else found


def _listed(name: str, indices: Mapping[str, object]) -> list[str]:
  """The classes that the name of a class lists, or the name alone."""
  return [name] if name in indices else [part.strip() for part in name.split(SEPARATOR)]


def _with_near(unknown: Iterable[str], known: Sequence[str]) -> str:
  """Unknown names, each with the known names that are most like it."""
  plain = {_plain(name): name for name in known}
  described = []
  for name in unknown:
    near = [plain[n] for n in difflib.get_close_matches(_plain(name), plain, _NEAR)]
    described.append(f'{name!r}' + (f' (near: {", ".join(near)})' if near else ''))
  return text.some(described)


def _plain(name: str) -> str:
  """A name without its capitals and spaces: BaseballPitch is near 'baseball pitch'."""
  return ''.join(name.lower().split()).replace('_', '')
