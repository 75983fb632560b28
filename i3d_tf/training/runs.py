"""A run directory: what was asked for, and the network as far as it has been trained.

run.json        settings, class names, versions, git commit; written before anything else
verdicts.csv    the verdicts on masks that hold for this run, if any
checkpoints/    TensorFlow checkpoints, by step
history.csv     loss, accuracy and learning rate over the steps
tensorboard/    the same for TensorBoard, and what the network sees
results/        evaluations, see `i3d_tf.inference.results`
"""

from collections.abc import Mapping
import dataclasses
import importlib.metadata
import json
import os
import subprocess
from typing import Any

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.inputs import clip_settings
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.training import checkpoint_files
from i3d_tf.training import run_settings

_RUN_FILE = 'run.json'
_VERDICTS = 'verdicts.csv'
_PACKAGES = ('tensorflow', 'keras', 'numpy', 'opencv-contrib-python-headless')


def start(
  run_dir: str | os.PathLike,
  run: run_settings.Run,
  flags: Mapping[str, Any] | None = None,
  verdicts: Mapping[str, str] | None = None,
) -> None:
  """Declares what a run directory is for, or makes sure that it is for that already.

  Args:
    run_dir: the directory; made if missing.
    run: a `run_settings.Run`.
    flags: a dict of the command's flags, for the record.
    verdicts: those that `run.data.verdicts` is the hash of: a dict, or None. They
      are kept in the directory.

  Raises:
    UserError: the directory belongs to another run, or can be none.
    ValueError: `verdicts` are others than the run's.
  """
  if run.data.verdicts != _hash(verdicts):
    raise ValueError(
      f'`verdicts` must be those of the run, {run.data.verdicts}; received {_hash(verdicts)}'
    )
  checkpoint_files.check_path(run_dir)
  path = os.path.join(run_dir, _RUN_FILE)
  if os.path.exists(path):
    check_same(run_dir, run)
    return
  versions: dict[str, str | None] = {}
  for package in _PACKAGES:
    try:
      versions[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      versions[package] = None
  content = {
    **dataclasses.asdict(run),
    'flags': {} if flags is None else flags,
    'versions': versions,
    'git_commit': _git_commit(),
  }
  if verdicts is not None:
    verdicts_lib.write(os.path.join(run_dir, _VERDICTS), verdicts)
  files.write_json(path, content)


def check_same(run_dir: str | os.PathLike, run: run_settings.Run) -> None:
  """Makes sure that a directory holds no other run.

  Args:
    run_dir: the directory; it may be missing.
    run: what it should be for.

  Raises:
    UserError: it holds a run with other settings, or a damaged one.
  """
  if not os.path.exists(os.path.join(run_dir, _RUN_FILE)):
    return
  before, now = _flat(load(run_dir)), _flat(run)
  # Records may have moved.
  different = [
    key
    for key in now
    if before[key] != now[key]
    and key != 'data.records'
    and not (key == 'data.content' and before[key] is None)
  ]
  if different:
    raise errors.UserError(
      f'{run_dir} holds a run with other settings: '
      + '; '.join(f'{key} is {before[key]!r} there, {now[key]!r} here' for key in different)
      + '. Give another --run_dir'
    )


def verdicts(run_dir: str | os.PathLike, run: run_settings.Run) -> dict[str, str] | None:
  """The verdicts on masks that hold for a run: a dict from video to verdict, or None.

  Raises:
    UserError: the file in the run directory is missing, or was changed.
  """
  if run.data.verdicts is None:
    return None
  path = os.path.join(run_dir, _VERDICTS)
  found = verdicts_lib.read(path)
  if _hash(found) != run.data.verdicts:
    raise errors.UserError(
      f'{path}: expected the verdicts that the run was started with; the file was changed since'
    )
  return found


def _hash(verdicts: Mapping[str, str] | None) -> str | None:
  return None if verdicts is None else verdicts_lib.content_hash(verdicts)


def load(run_dir: str | os.PathLike) -> run_settings.Run:
  """Reads what a run directory is for: a `run_settings.Run`.

  Raises:
    UserError: there is no run.
  """
  path = os.path.join(run_dir, _RUN_FILE)
  try:
    with open(path) as f:
      content = json.load(f)
    held_out = tuple(content['data'].get('hold_out', ()))
    data = run_settings.Data(**{**content['data'], 'hold_out': held_out})
    drops = tuple(content['optimization']['learning_rate_drops'])
    return run_settings.Run(
      data,
      clip_settings.ClipSettings(**content['clips']),
      run_settings.Network(**content['network']),
      run_settings.Optimization(**{**content['optimization'], 'learning_rate_drops': drops}),
      tuple(content['label_names']),
    )
  except FileNotFoundError as e:
    raise errors.UserError(
      f'{run_dir}: expected a directory made by train; it has no {_RUN_FILE}'
    ) from e
  except (OSError, ValueError, KeyError, TypeError) as e:
    raise errors.UserError(f'{path}: expected what train writes; {type(e).__name__}: {e}') from e


def _flat(run: run_settings.Run) -> dict[str, Any]:
  """A `run_settings.Run` as a dict from 'section.setting' to value."""
  flat = {}
  for section, value in dataclasses.asdict(run).items():
    if isinstance(value, dict):
      flat.update({f'{section}.{key}': v for key, v in value.items()})
    else:
      flat[section] = value
  return flat


def _git_commit() -> str | None:
  """The commit of this code, followed by '+' if files differ from it; None outside git."""

  def git(*arguments: str) -> str:
    # Bazel runs a copy of links; the real file knows its repository.
    folder = os.path.dirname(os.path.realpath(__file__))
    return subprocess.run(
      ['git', '-C', folder, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()

  try:
    return git('rev-parse', 'HEAD') + ('+' if git('status', '--porcelain', '-uno') else '')
  except (OSError, subprocess.CalledProcessError):
    return None
