"""Tests a network that no run of this project made, on records of its classes."""

from collections.abc import Mapping, Sequence
import dataclasses
import os
import sys
from typing import Any

from i3d_tf.classifiers import class_map
from i3d_tf.classifiers import discovery
from i3d_tf.common import errors
from i3d_tf.inference import evaluation
from i3d_tf.inference import listed_videos
from i3d_tf.inference import results
from i3d_tf.inference import test_sets
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import treatments as treatments_lib
from i3d_tf.records import folders
from i3d_tf.storage import stores
from i3d_tf.training import run_settings


def evaluate(
  asked: trained_networks.TrainedNetwork,
  output: str | os.PathLike,
  treatments: Sequence[str],
  *,
  test_set: test_sets.TestSet,
  batch_size: int | None = None,
  accepted: Mapping[str, Sequence[str]] | None = None,
  only_missing: bool = False,
) -> dict[str, dict[str, Any]]:
  """Tests a network that no run of this project made; otherwise as `evaluation.evaluate`.

  A video is right if the highest of all logits of the network is that of an accepted class.

  Args:
    asked: the network.
    output: folder for the results.
    treatments: as in `evaluation.evaluate`.
    test_set: which videos; its records must be given.
    batch_size: as in `evaluation.evaluate`.
    accepted: as `class_map.read` returns it; None if the classes of the records go by their names.
    only_missing: whether results of the same test that `output` has are kept, not made again.

  Returns:
    As `evaluation.evaluate`.

  Raises:
    UserError: records or lists cannot be used, the network lacks classes of the records, or
      `output` has results of another network or of other records.
  """
  if test_set.records is None:
    raise errors.UserError('expected records to test on; received none')
  plan = _plan(asked, os.fspath(output), treatments, test_set, batch_size, accepted)
  _check_same_test(plan)
  there = _done(plan) if only_missing else {}
  missing = {name: one for name, one in plan.treatments.items() if name not in there}
  if missing:
    predict = asked.model
    if not isinstance(predict, trained_networks.ClassifierModel):
      predict = evaluation.predictor(asked.model, plan.run)
    plan = dataclasses.replace(plan, treatments=missing)
    there.update(evaluation.test_and_write(plan, predict, {'step': 0, **plan.metadata}))
  return {name: there[name] for name in treatments_lib.parse_all(treatments)}


def _plan(
  asked: trained_networks.TrainedNetwork,
  output: str,
  treatments: Sequence[str],
  test_set: test_sets.TestSet,
  batch_size: int | None,
  accepted: Mapping[str, Sequence[str]] | None,
) -> evaluation.Plan:
  """The plan of a test: of the records' classes, and those of the network that are right."""
  run = as_run(asked, test_set)
  names = run.label_names
  plan = evaluation.make_plan(output, run, treatments, test_set, batch_size)
  matched = match(asked, plan.source, accepted)
  return dataclasses.replace(
    plan,
    label_names=tuple(asked.label_names),
    labels=[labels[0] for labels in matched],
    accepted=matched,
    metadata={
      **plan.metadata,
      'trained_on': None,
      'classifier': asked.source,
      'network': asked.fingerprint(),
      'accepted': class_map.as_names(names, asked.label_names, matched),
    },
  )


def match(
  asked: trained_networks.TrainedNetwork,
  source: folders.Records,
  accepted: Mapping[str, Sequence[str]] | None,
) -> class_map.Accepted:
  """The classes of a network that are right for those of records, as `class_map.match`.

  Raises:
    UserError: the network lacks a class of the records, or the map does not fit them.
  """
  try:
    return class_map.match(source.label_names, asked.label_names, accepted)
  except errors.UserError as e:
    raise errors.UserError(
      f'{asked.source}: expected a network that knows the classes of {source.address}, or a '
      f'--class_map that says which of its classes are right for them; {e}'
    ) from e


def _done(plan: evaluation.Plan) -> dict[str, dict[str, Any]]:
  """The summaries that are there of the same test: from the name of a treatment."""
  found = {
    name: results.read_summary(plan.run_dir, plan.list_name, name) for name in plan.treatments
  }
  return {
    name: summary
    for name, summary in found.items()
    if summary is not None
    and all(summary['about'].get(key) == plan.metadata[key] for key in plan.metadata)
  }


def as_run(asked: trained_networks.TrainedNetwork, test_set: test_sets.TestSet) -> run_settings.Run:
  """The run that would test records as a network is to be tested.

  Args:
    asked: the network.
    test_set: which videos; its records must be given.
  """
  assert test_set.records is not None
  return run_settings.Run(
    run_settings.Data(
      stores.absolute(test_set.records),
      1 if test_set.split is None else test_set.split,
      flow=asked.flow if asked.stream == 'flow' else None,
    ),
    clip_settings.ClipSettings(
      asked.stream, asked.model.frame_size, asked.resize, mask_dilation=asked.mask_dilation
    ),
    run_settings.Network(),
    run_settings.Optimization(),
    tuple(folders.open_folder(test_set.records).label_names),
  )


def _check_same_test(plan: evaluation.Plan) -> None:
  """Raises a `UserError` if there are results of another network or of other records."""
  for name in plan.treatments:
    found = results.read_summary(plan.run_dir, plan.list_name, name)
    for key in ('network', 'accepted', 'content'):
      if found is not None and found['about'].get(key) != plan.metadata[key]:
        raise errors.UserError(
          f'{results.path(plan.run_dir, plan.list_name, name)}: is of {key} '
          f'{found["about"].get(key)}; expected {plan.metadata[key]}. Choose another --output'
        )


def evaluate_and_print(
  options: discovery.ClassifierOptions,
  output: str,
  treatments: Sequence[str],
  *,
  test_set: test_sets.TestSet,
  batch_size: int | None = None,
  accepted_file: str | None = None,
  listed: test_sets.ListedVideos | None = None,
) -> int:
  """Tests a classifier and prints the accuracies: what `evaluate --classifier` does.

  Args:
    options: the classifier.
    output, treatments, test_set, batch_size: as in `evaluate`.
    accepted_file: a class map, see `class_map.read`; or None.
    listed: the videos to test on in place of records; or None.

  Returns:
    The exit status: 1 if a video of the list could not be tested.

  Raises:
    UserError: as in `evaluate`; or the class map or the list cannot be used.
  """
  accepted = None if accepted_file is None else class_map.read(accepted_file)
  asked = trained_networks.of_classifier(options)
  print('\n'.join(asked.notes), file=sys.stderr)
  status = 0
  if listed is not None:
    records, status = listed_videos.store(listed, output, asked.stream, asked.model.frame_size)
    test_set = dataclasses.replace(test_set, records=records)
  summaries = evaluate(
    asked, output, treatments, test_set=test_set, batch_size=batch_size, accepted=accepted
  )
  return max(status, evaluation.print_summaries(summaries, output))
