"""Finds and reads what `explain` wrote about lists of videos, for the report.

    paper/explained/test1.csv            one row per video, target and method
    paper/explained/test1.checks.csv     the checks, if any were made
    paper/explained/test1.json           of which network and list; may be missing
    paper/explained/1b-rgb/test1.csv     the same of several networks, each in a folder of its own

A damaged file is named; the others are used.
"""

from collections.abc import Sequence
import dataclasses
import json
import os
import re
from typing import Any

from i3d_tf.attribution import row_files
from i3d_tf.common import errors

FOLDER = 'explained'  # in the folder of the results: found there without being named
# The list, and of which records it is where these are not the run's own.
_LIST = re.compile(r'(?:test|train|validation)\d+(?:\.[0-9a-f]{8})?\.csv')


@dataclasses.dataclass(frozen=True)
class Explanation:
  """What a network's answers about one list rest on.

  Attributes:
    name: network and list in words, such as 'rgb_scratch, test1'; no two have the same.
    rows: one per video, target and method.
    checks: rows of checks, as `row_files.read_checks` gives them; may be empty.
    fill: what replaces the person where masking is asked, such as 'black'; '' if unknown.
    endpoint: the layer of Grad-CAM; '' if unknown or no map is of Grad-CAM.
  """

  name: str
  rows: tuple[row_files.Row, ...]
  checks: tuple[row_files.CheckRow, ...] = ()
  fill: str = ''
  endpoint: str = ''


def find(
  run_dir: str, given: Sequence[str] = ()
) -> tuple[tuple[Explanation, ...], tuple[str, ...]]:
  """Reads explanations.

  Args:
    run_dir: folder of the results.
    given: folders that explain wrote, or CSV files of lists in them; without any, what is in
      `FOLDER` of `run_dir`, if it is there.

  Returns:
    (the explanations, one line for each that cannot be used).
  """
  found: list[tuple[Explanation, str]] = []
  problems: list[str] = []
  for path in _paths(run_dir, given, problems):
    try:
      found.append((_read(path, run_dir), path))
    except errors.UserError as e:
      problems.append(' '.join(str(e).split()))
  names = [explanation.name for explanation, _ in found]
  return (
    tuple(
      explanation
      if names.count(explanation.name) == 1
      else dataclasses.replace(explanation, name=f'{explanation.name} ({os.path.dirname(path)})')
      for explanation, path in found
    ),
    tuple(problems),
  )


def _paths(run_dir: str, given: Sequence[str], problems: list[str]) -> list[str]:
  """The CSV files, each once, in the order given and then by name; fills in `problems`."""
  if not given:
    return _in_folder(os.path.join(run_dir, FOLDER))
  found: dict[str, None] = {}
  for path in given:
    of_path = [path] if not os.path.isdir(path) else _in_folder(path)
    if not of_path:
      problems.append(f'{path}: expected what explain writes, such as test1.csv; found none')
    found.update(dict.fromkeys(of_path))
  return list(found)


def _in_folder(folder: str) -> list[str]:
  """The CSV files of lists in a folder, then in the folders in it."""
  if not os.path.isdir(folder):
    return []
  names = sorted(os.listdir(folder))
  folders = [path for name in names if os.path.isdir(path := os.path.join(folder, name))]
  return [
    os.path.join(of, name)
    for of in (folder, *folders)
    for name in sorted(os.listdir(of))
    if _LIST.fullmatch(name)
  ]


def _read(path: str, run_dir: str) -> Explanation:
  stem = path.removesuffix('.csv')
  rows = tuple(row_files.read(path))
  of_checks = f'{stem}.checks.csv'
  checks = tuple(row_files.read_checks(of_checks)) if os.path.exists(of_checks) else ()
  about = _about(f'{stem}.json')
  list_name = str(about.get('list', os.path.basename(stem)))
  network = str(about.get('source', os.path.dirname(stem)))
  settings = about.get('settings', {})
  endpoint = str(settings.get('endpoint', '')) if isinstance(settings, dict) else ''
  return Explanation(
    ', '.join(filter(None, (_short(network, run_dir), list_name))),
    rows,
    checks,
    str(about.get('fill', '')),
    endpoint if any(row.method == 'gradcam' for row in rows) else '',
  )


def _about(path: str) -> dict[str, Any]:
  """What the rows are of, {} without the file."""
  if not os.path.exists(path):
    return {}
  try:
    with open(path, encoding='utf-8') as f:
      about = json.load(f)['about']
    if not isinstance(about, dict):
      raise ValueError('`about` is no object')
  except (OSError, ValueError, KeyError, TypeError) as e:
    raise errors.UserError(f'{path}: expected what explain writes; {type(e).__name__}: {e}') from e
  return about


def _short(network: str, run_dir: str) -> str:
  """The name of a network: a path within the results from there, another one by its end."""
  inside = os.path.relpath(network, run_dir)
  if os.path.exists(network) and not inside.startswith(os.pardir):
    return inside
  return '/'.join(network.rstrip('/').split('/')[-2:])
