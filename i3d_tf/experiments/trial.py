"""The rows that only test, asked of a network that is already trained: reproduce --classifier.

paper/conditions.json                      the rows, and the network
paper/trial/results/test1.background.csv   its answers, as `evaluate --classifier` writes them
paper/results/2a.split1.seed0.csv          the same, by row of the table
"""

from collections.abc import Mapping, Sequence
import os
import sys
from typing import Any

from i3d_tf.classifiers import class_map
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import text
from i3d_tf.demo import plan as demo_plan
from i3d_tf.demo import records as demo_records
from i3d_tf.experiments import conditions as conditions_lib
from i3d_tf.experiments import conditions_file
from i3d_tf.experiments import possible_tests
from i3d_tf.experiments import reproduce_paper
from i3d_tf.experiments import requests
from i3d_tf.experiments import run_conditions
from i3d_tf.inference import classifier_evaluation
from i3d_tf.inference import results
from i3d_tf.inference import test_sets
from i3d_tf.inference import trained_networks
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from i3d_tf.storage import stores

_ANSWERS = 'trial'
_SEED = 0  # of names of files: nothing is drawn


def run(request: requests.TrialRequest) -> int:
  """Asks a network the rows that only test, and makes the report.

  Args:
    request: what to ask.

  Returns:
    The exit status: 1 if videos of a list are not in the records, or a result cannot be used.

  Raises:
    UserError: network, records or class map cannot be used, no row is left, or the folder holds
      other results.
  """
  accepted = None if request.accepted_file is None else class_map.read(request.accepted_file)
  asked = trained_networks.of_classifier(request.classifier)
  print('\n'.join(asked.notes), file=sys.stderr)
  reproduce_paper.print_left_out(request.without_flow)
  chosen, absent = for_trained_network(request.conditions, asked.stream)
  if absent:
    print(
      'left out, since they train a network of their own or are of another stream: '
      f'{", ".join(condition.name for condition in absent)}'
    )
  if not chosen:
    raise errors.UserError(
      f'--conditions: expected rows that only test a network of stream {asked.stream}, such as '
      '1b-rgb,2a,2b; none is left'
    )
  if request.dry_run:
    print(
      f'to test, on {text.count(len(request.splits), "split")}: '
      f'{", ".join(condition.name for condition in chosen)}'
    )
    return 0
  source = folders.open_folder(_records(request))
  _write_conditions(request, source, chosen, asked, accepted)
  failures = {
    f'{name}, split {split}': reason
    for split in request.splits
    for name, reason in _ask(request, source, split, chosen, asked, accepted).items()
  }
  print(
    '\n' + '\n'.join(run_conditions.accuracies(request.run_dir, chosen, request.splits, [_SEED]))
  )
  print(f'results: {request.run_dir}/results, one row per video')
  for name, reason in failures.items():
    print(f'failed: {name}: {reason}')
  if len(failures) == len({c.tested_on for c in chosen}) * len(request.splits):
    return 1  # there is nothing to report on
  return 1 if reproduce_paper.make_report(request.run_dir) or failures else 0


def for_trained_network(
  conditions: Sequence[conditions_lib.Condition], stream: str
) -> tuple[tuple[conditions_lib.Condition, ...], tuple[conditions_lib.Condition, ...]]:
  """Which rows can be asked of a network that is already trained.

  Args:
    conditions: the rows.
    stream: what the network sees, 'rgb' or 'flow'.

  Returns:
    (rows that only test; rows that learn from a training list or are of another stream).
  """
  standard = conditions_lib.Condition('', '')

  def only_tests(condition: conditions_lib.Condition) -> bool:
    return condition.streams == (stream,) and all(
      getattr(condition, name) == getattr(standard, name)
      for name in ('trained_on', 'resize', 'augment', 'diversity', 'network')
    )

  return (
    tuple(condition for condition in conditions if only_tests(condition)),
    tuple(condition for condition in conditions if not only_tests(condition)),
  )


def _ask(
  request: requests.TrialRequest,
  source: folders.Records,
  split: int,
  chosen: Sequence[conditions_lib.Condition],
  asked: trained_networks.TrainedNetwork,
  accepted: Mapping[str, Sequence[str]] | None,
) -> dict[str, str]:
  """Asks the rows of a split: from treatments that its list does not allow to the reason."""
  treatments = tuple(dict.fromkeys(condition.tested_on for condition in chosen))
  possible, impossible = possible_tests.split_off_impossible(source, treatments, 'test', split)
  if not possible:
    return impossible
  output = os.path.join(request.run_dir, _ANSWERS)
  with files.locked(output):  # a second call on the folder waits, and finds it done
    summaries = classifier_evaluation.evaluate(
      asked,
      output,
      possible,
      test_set=test_sets.TestSet(source.address, 'test', split, request.verdicts),
      batch_size=request.batch_size,
      accepted=accepted,
      only_missing=True,
    )
  shown = [condition for condition in chosen if condition.tested_on in possible]
  _write_rows(request.run_dir, split, shown, summaries, asked)
  return impossible


def _records(request: requests.TrialRequest) -> str:
  """The folder of records, of the demo set where none is given."""
  if request.records is not None:
    return request.records
  demo_records.prepare(demo_plan.DemoSettings(), request.demo_dir)
  return demo_records.folder(request.demo_dir)


def _write_conditions(
  request: requests.TrialRequest,
  source: folders.Records,
  chosen: Sequence[conditions_lib.Condition],
  asked: trained_networks.TrainedNetwork,
  accepted: Mapping[str, Sequence[str]] | None,
) -> None:
  """Writes the rows and everything that all of their answers depend on.

  Raises:
    UserError: the network lacks classes of the records, or the folder holds other results.
  """
  matched = classifier_evaluation.match(asked, source, accepted)
  verdicts = request.verdicts
  os.makedirs(request.run_dir, exist_ok=True)
  with files.locked(request.run_dir):
    conditions_file.write(
      request.run_dir,
      source.label_names,
      chosen,
      {
        None: conditions_file.MadeFrom(
          stores.absolute(source.address), fingerprints.content_hash(source, asked.stream)
        )
      },
      {
        'source': asked.source,
        'fingerprint': asked.fingerprint(),
        'label_names': list(asked.label_names),
        'accepted': class_map.as_names(source.label_names, asked.label_names, matched),
        'verdicts': None if verdicts is None else verdicts_lib.content_hash(verdicts),
      },
    )


def _write_rows(
  run_dir: str,
  split: int,
  chosen: Sequence[conditions_lib.Condition],
  summaries: Mapping[str, Mapping[str, Any]],
  asked: trained_networks.TrainedNetwork,
) -> None:
  """Writes the answers of a split by the rows of the table."""
  for condition in chosen:
    about = summaries[condition.tested_on]['about']
    rows = results.read(
      results.path(os.path.join(run_dir, _ANSWERS), about['list'], condition.tested_on)
    )
    results.write(
      run_dir,
      f'{condition.name}.split{split}',
      f'seed{_SEED}',
      rows,
      asked.label_names,
      {
        **about,
        **condition.to_json(),
        'trained_on': None,
        'split': split,
        'seed': _SEED,
        'models': [asked.source],
      },
    )
